// Beside the page, in the thread of the sound: hands the microphone's samples on, some at a time.
class Gather extends AudioWorkletProcessor {
  constructor() {
    super();
    this.samples = new Float32Array(1024);
    this.filled = 0;
  }

  process([input]) {
    for (const sample of input[0] || []) {
      this.samples[this.filled++] = sample;
      if (this.filled === this.samples.length) {
        this.port.postMessage(this.samples);
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("gather", Gather);
