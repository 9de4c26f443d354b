// <aawaj-recorder>: records into the file input that it holds, as the telephone plays it: WAV, 8 kHz, mono, 16 bit.
// Without this script the input takes a file. All texts come from data attributes; see the macro `recorder` of ui.html.
"use strict";

const RATE = 8000; // samples a second; cut-off and reach of the filter are those of gateway/audio/wav.py
const CUTOFF = 3700; // Hz, the middle of the filter's slope
const REACH = 15; // samples of the result to each side
const FRAME = RATE / 50; // samples, in which loudness is measured
const NOTHING = 1e-3; // loudness of the loudest frame below which nobody spoke: -60 dBFS
const QUIET = 5.6e-3; // loudness of speech below which a room's noise is as loud: -45 dBFS
const FULL = 0.98; // a sample as large touched the end of the scale
const MOST_CLIPPED = 10; // places with three such samples in a row; more is heard as a rattle
const PAUSE = 1.5; // seconds before the first word
const BEFORE = 0.15, AFTER = 0.25; // seconds that stay around the words
const COUNT = 3, TICK = 700; // "3 2 1", each for so many milliseconds

// --- sound ---------------------------------------------------------------------------------------------------------------------

function filters(up, down) {
  const cutoff = (2 * CUTOFF * up) / (RATE * down), reach = Math.round((REACH * down) / up);
  return Array.from({ length: up }, (_, phase) => {
    const taps = Array.from({ length: 2 * reach }, (_, k) => {
      const x = k - reach + 1 - phase / up;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * cutoff * x) / (Math.PI * cutoff * x);
      return sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / reach));
    });
    const total = taps.reduce((sum, tap) => sum + tap, 0);
    return Float32Array.from(taps, (tap) => tap / total);
  });
}

// The sound at 8 kHz; what the telephone cannot carry is filtered off first. A browser's own conversion lets it fold back as a hiss.
function resample(samples, rate) {
  let shared = rate, rest = RATE;
  while (rest) [shared, rest] = [rest, shared % rest];
  const up = RATE / shared, down = rate / shared, all = filters(up, down), width = all[0].length;
  const result = new Float32Array(Math.floor((samples.length * up) / down));
  for (let n = 0; n < result.length; n++) {
    const first = Math.floor((n * down) / up) - width / 2 + 1, taps = all[(n * down) % up];
    let sum = 0;
    for (let k = Math.max(0, -first); k < width && first + k < samples.length; k++) sum += samples[first + k] * taps[k];
    result[n] = sum;
  }
  return result;
}

function powers(samples) {
  return Array.from({ length: Math.floor(samples.length / FRAME) }, (_, n) =>
    samples.subarray(n * FRAME, (n + 1) * FRAME).reduce((sum, sample) => sum + sample * sample, 0) / FRAME);
}

function isClipped(samples) {
  let run = 0, places = 0;
  for (const sample of samples) {
    run = Math.abs(sample) >= FULL ? run + 1 : 0;
    if (run === 3) places++;
  }
  return places > MOST_CLIPPED;
}

// The words of a recording at 8 kHz, and what she should know of it before she keeps it; no words where nobody spoke.
function looked(raw, rate) {
  const samples = resample(raw, rate), frames = powers(samples), loudest = Math.max(0, ...frames);
  if (loudest < NOTHING ** 2) return { words: null, remarks: ["nothing"] };
  const noise = [...frames].sort((a, b) => a - b)[Math.floor(frames.length / 10)];
  const least = Math.min(Math.max(loudest / 1000, 4 * noise), loudest / 20);
  const spoken = frames.flatMap((power, n) => (power > least ? [n] : []));
  const active = frames.filter((power) => power > loudest / 300);
  const loudness = Math.sqrt(active.reduce((sum, power) => sum + power, 0) / active.length);
  const start = spoken[0] * FRAME, end = (spoken[spoken.length - 1] + 1) * FRAME;
  const remarks = [];
  if (isClipped(raw)) remarks.push("loud");
  if (loudness < QUIET) remarks.push("quiet");
  if (start / RATE > PAUSE) remarks.push("pause");
  return { words: samples.subarray(Math.max(0, start - BEFORE * RATE), end + AFTER * RATE), remarks };
}

function wave(samples) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (place, letters) => [...letters].forEach((letter, n) => view.setUint8(place + n, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // one channel
  view.setUint32(24, RATE, true);
  view.setUint32(28, 2 * RATE, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, n) => view.setInt16(44 + 2 * n, Math.max(-32768, Math.min(32767, Math.round(sample * 32767))), true));
  return new File([view], "recording.wav", { type: "audio/wav" });
}

// --- the microphone ------------------------------------------------------------------------------------------------------------

// A microphone that is open. `gather()` begins, `stop()` gives {samples, rate}; `level()` is between 0 and 1; `close()` lets it go.
async function openMicrophone(worklet) {
  // As it is: the filters of phones make voices hollow, each in its own way, and clips would not sound alike.
  const sound = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: sound });
  const context = new AudioContext();
  const close = () => {
    stream.getTracks().forEach((track) => track.stop());
    if (context.state !== "closed") context.close();
  };
  try {
    await context.resume();
    const source = context.createMediaStreamSource(stream), analyser = context.createAnalyser();
    source.connect(analyser);
    const now = new Float32Array(analyser.fftSize);
    const level = () => {
      analyser.getFloatTimeDomainData(now);
      const peak = now.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      return Math.max(0, Math.min(1, 1 + Math.log10(Math.max(peak, 1e-3)) / 2.5)); // -50 dBFS to full
    };
    const way = context.audioWorklet ? await throughWorklet(context, source, worklet) : throughRecorder(context, stream);
    return { ...way, level, close };
  } catch (error) {
    close();
    throw error;
  }
}

async function throughWorklet(context, source, worklet) {
  await context.audioWorklet.addModule(worklet);
  const node = new AudioWorkletNode(context, "gather", { channelCount: 1, channelCountMode: "explicit" });
  const parts = [];
  let gathers = false;
  node.port.onmessage = ({ data }) => { if (gathers) parts.push(data); }; // listened to from the start, else what came before is kept
  source.connect(node).connect(context.destination); // it gives silence; a node that leads nowhere is not asked
  return {
    gather: () => { gathers = true; },
    stop: async () => {
      gathers = false;
      const samples = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
      parts.reduce((place, part) => (samples.set(part, place), place + part.length), 0);
      return { samples, rate: context.sampleRate };
    },
  };
}

function throughRecorder(context, stream) {
  const recorder = new MediaRecorder(stream), parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  return {
    gather: () => recorder.start(),
    stop: async () => {
      await new Promise((done) => { recorder.onstop = done; recorder.stop(); });
      const buffer = await context.decodeAudioData(await new Blob(parts).arrayBuffer());
      return { samples: buffer.getChannelData(0), rate: buffer.sampleRate };
    },
  };
}

// Why there is no microphone, as the name of a text.
function whyNot(error) {
  if (!navigator.mediaDevices || typeof AudioContext === "undefined") return "unable";
  return { NotAllowedError: "refused", NotFoundError: "missing", NotReadableError: "busy" }[error.name] || "unable";
}

// --- the desk ------------------------------------------------------------------------------------------------------------------

function made(name, className, text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

class Recorder extends HTMLElement {
  connectedCallback() {
    if (this.desk) return;
    this.input = this.querySelector("input[type=file]");
    this.attempt = 0; // counts up whenever what is under way is over
    this.build();
    this.say("ready");
    this.addEventListener("keydown", (event) => { if (event.key === "Escape" && this.phase) this.cancel(); });
    this.input.addEventListener("change", () => this.chosen());
    this.input.form?.addEventListener("submit", (event) => { if (this.phase) event.preventDefault(); });
    this.whenHidden = () => { if (document.hidden && this.phase) this.cancel(); };
    document.addEventListener("visibilitychange", this.whenHidden);
  }

  disconnectedCallback() {
    this.release();
    document.removeEventListener("visibilitychange", this.whenHidden);
  }

  build() {
    this.desk = made("div", "recorder-desk");
    this.desk.setAttribute("role", "group");
    this.desk.setAttribute("aria-label", this.dataset.label);
    this.button = made("button", "recorder-button");
    this.button.type = "button";
    this.button.append(made("span", "recorder-dot"), made("span", "recorder-word"));
    this.button.addEventListener("click", () => this.pressed());
    this.undo = made("button", "plain", this.dataset.cancel);
    this.undo.type = "button";
    this.undo.addEventListener("click", () => this.cancel());
    this.meter = made("div", "recorder-meter");
    this.meter.setAttribute("aria-hidden", "true");
    this.meter.append(made("span", ""));
    this.clock = made("span", "recorder-clock");
    this.clock.setAttribute("aria-hidden", "true");
    this.state = made("p", "recorder-state");
    this.state.setAttribute("role", "status");
    this.player = made("audio", "");
    this.player.controls = true;
    this.player.setAttribute("aria-label", this.dataset.listen);
    const buttons = made("div", "row"), sound = made("div", "recorder-sound");
    buttons.append(this.button, this.undo);
    sound.append(this.meter, this.clock);
    this.desk.append(buttons, sound, this.state, this.player);
    const file = made("details", "recorder-file");
    file.append(made("summary", "", this.dataset.choose), ...this.childNodes);
    this.append(this.desk, file);
    this.show("");
  }

  // `phase`: "" (nothing under way), "asking", "counting", "recording", "looking".
  show(phase) {
    this.phase = phase;
    this.dataset.phase = phase;
    this.toggleAttribute("data-empty", Boolean(phase) || !this.input.files.length); // the page may hide what keeps a recording
    this.button.lastChild.textContent = this.dataset[phase === "recording" ? "stop" : this.input.files.length ? "again" : "record"];
    this.button.classList.toggle("second", !phase && Boolean(this.input.files.length)); // then to keep it comes first
    this.button.disabled = ["asking", "counting", "looking"].includes(phase);
    this.undo.hidden = !["counting", "recording"].includes(phase);
    this.desk.querySelector(".recorder-sound").hidden = !["counting", "recording"].includes(phase);
    this.player.hidden = Boolean(phase) || !this.player.src;
  }

  // One sentence or several, each a data attribute; what is wrong stands out.
  say(...names) {
    this.state.classList.toggle("wrong", names.some((name) => !["ready", "wait", "speak", "done", "pause"].includes(name)));
    this.state.textContent = names.map((name) => this.dataset[name]).join(" ");
  }

  written(text) {
    return String(text).replace(/\d/g, (digit) => this.dataset.digits[digit]);
  }

  pressed() {
    return this.phase === "recording" ? this.finish() : this.begin();
  }

  async begin() {
    const attempt = ++this.attempt;
    this.forget();
    this.show("asking");
    this.say("wait");
    let microphone;
    try {
      microphone = await openMicrophone(this.dataset.worklet);
    } catch (error) {
      if (attempt === this.attempt) this.stopWith(whyNot(error));
      return;
    }
    if (attempt !== this.attempt) {
      microphone.close();
      return;
    }
    this.microphone = microphone;
    this.show("counting");
    this.watch(attempt);
    this.undo.focus();
    for (let left = COUNT; left; left--) {
      this.clock.textContent = this.state.textContent = this.written(left);
      await new Promise((done) => setTimeout(done, TICK));
      if (attempt !== this.attempt) return;
    }
    microphone.gather();
    this.since = performance.now();
    this.show("recording");
    this.say("speak");
    this.button.focus();
  }

  // The level and the seconds, for as long as this attempt lasts.
  watch(attempt) {
    if (attempt !== this.attempt || !this.microphone) return;
    const level = this.microphone.level();
    this.meter.firstChild.style.setProperty("inline-size", `${100 * level}%`);
    this.meter.classList.toggle("full", level > 0.98);
    if (this.phase === "recording") {
      const seconds = (performance.now() - this.since) / 1000;
      const whole = Math.floor(seconds);
      this.clock.textContent = this.written(`${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`);
      if (seconds >= Number(this.dataset.longest)) this.finish();
    }
    requestAnimationFrame(() => this.watch(attempt));
  }

  async finish() {
    const attempt = this.attempt;
    this.show("looking");
    try {
      const { samples, rate } = await this.microphone.stop();
      const { words, remarks } = looked(samples, rate);
      if (attempt !== this.attempt) return;
      if (words) this.take(wave(words));
      this.stopWith(...(remarks.length ? remarks : ["done"]));
    } catch {
      if (attempt === this.attempt) this.stopWith("unable");
    }
    this.button.focus();
    if (this.input.files.length) this.lead();
  }

  cancel() {
    this.stopWith("ready");
    this.button.focus();
  }

  stopWith(...names) {
    this.release();
    this.show("");
    this.say(...names);
  }

  release() {
    this.attempt++;
    this.microphone?.close();
    this.microphone = null;
  }

  // Put a recording into the form.
  take(file) {
    const given = new DataTransfer();
    given.items.add(file);
    this.input.files = given.files;
    this.play(file);
  }

  // She chose a file herself.
  chosen() {
    const [file] = this.input.files;
    this.forget({ input: false });
    if (file && file.size > Number(this.dataset.most)) {
      this.forget();
      this.stopWith("large");
    } else if (file) {
      this.play(file);
      this.stopWith("done");
    }
  }

  play(file) {
    this.player.src = URL.createObjectURL(file);
  }

  // What follows in the form, which sends it, comes into sight.
  lead() {
    this.nextElementSibling?.scrollIntoView({ block: "nearest" });
  }

  forget({ input = true } = {}) {
    if (this.player.src) URL.revokeObjectURL(this.player.src);
    this.player.removeAttribute("src");
    if (input) this.input.value = "";
  }
}

customElements.define("aawaj-recorder", Recorder);
