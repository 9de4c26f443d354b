/* The browser phone: it plays what the gateway says, presses keys, keeps the clocks and speaks. What a key means it does not know. */
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const SILENT = "/audio/silence/", WHOLE = /^(\+?977)?\d{10}$|^\+(?!977)\d{9,15}$/; // a number with nothing left to be written
  const TONES = { 1: [697, 1209], 2: [697, 1336], 3: [697, 1477], 4: [770, 1209], 5: [770, 1336], 6: [770, 1477], 7: [852, 1209], 8: [852, 1336], 9: [852, 1477], "*": [941, 1209], 0: [941, 1336], "#": [941, 1477] };
  const RINGBACK = [425], BEEP = [1000];
  const later = (seconds, signal) => new Promise((done) => {
    const timer = setTimeout(done, seconds * 1000);
    signal?.addEventListener("abort", () => { clearTimeout(timer); done(); }, { once: true });
  });

  // --- sound: clips through two elements in turn, so that the next is there when one ends; tones as a telephone makes them -----------

  const sound = {
    volume: 0.8,
    context: null,
    voices: [byId("voice-a"), byId("voice-b")],
    turn: 0,
    prepare(clip) {
      const next = this.voices[this.turn];
      if (clip?.src && !clip.src.startsWith(SILENT) && next.getAttribute("src") !== clip.src) next.src = clip.src;
    },
    /* Plays a clip; true unless it could not be played. */
    play(clip, signal) {
      if (signal.aborted) return Promise.resolve(true);
      if (!clip.src || clip.src.startsWith(SILENT)) return later(clip.seconds, signal).then(() => true);
      const voice = this.voices[this.turn];
      this.prepare(clip);
      this.turn = 1 - this.turn;
      voice.volume = this.volume;
      return new Promise((done) => {
        const end = (well) => { voice.onended = voice.onerror = null; done(well); };
        voice.onended = () => end(true);
        voice.onerror = () => end(false);
        signal.addEventListener("abort", () => { voice.pause(); voice.removeAttribute("src"); end(true); }, { once: true });
        voice.play().catch(() => end(signal.aborted));
      });
    },
    tone(frequencies, seconds, loudness = 0.06) {
      try {
        this.context ??= new AudioContext();
        const { context } = this, gain = context.createGain(), now = context.currentTime;
        gain.gain.setValueAtTime(0, now);
        gain.gain.linearRampToValueAtTime(loudness * this.volume, now + 0.01);
        gain.gain.setValueAtTime(loudness * this.volume, now + seconds - 0.02);
        gain.gain.linearRampToValueAtTime(0, now + seconds);
        gain.connect(context.destination);
        for (const frequency of frequencies) {
          const oscillator = context.createOscillator();
          oscillator.frequency.value = frequency;
          oscillator.connect(gain);
          oscillator.start(now);
          oscillator.stop(now + seconds);
        }
      } catch { /* a phone without tones is a phone still */ }
    },
  };

  const replay = byId("replay");
  if (replay) return hearAgain(replay);
  const root = byId("phone");
  if (!root) return;
  root.hidden = false;
  byId("plain").hidden = true;
  const say = JSON.parse(root.dataset.texts);
  const shown = Object.fromEntries(["caller", "clock", "state", "now-words", "now-gloss", "typed", "silence", "silence-bar", "silence-left", "pressed", "dialled", "green", "miss", "red", "told", "told-empty", "thread", "calls", "calls-empty", "about", "other", "other-number", "body"].map((id) => [id, byId(id)]));
  const written = document.documentElement.lang === "ne" ? (text) => text.replace(/\d/g, (digit) => "०१२३४५६७८९"[digit]) : (text) => text;
  let call = null; // the call under way: its token, when it began, how many keys, what ends it, what listens
  let incoming = null; // a call of the gateway's that rings here

  // --- the gateway -------------------------------------------------------------------------------------------------------------------

  async function post(path, fields, body) {
    const headers = { "X-CSRFToken": root.dataset.csrf };
    if (body) headers["Content-Type"] = "audio/wav";
    let answer;
    try {
      answer = await fetch(`/phone/${path}`, { method: "POST", headers, body: body ?? new URLSearchParams(fields) });
    } catch {
      throw new Error(say.offline);
    }
    const told = await answer.json().catch(() => null);
    if (!answer.ok) throw new Error(told?.fault ?? (answer.status === 400 ? say.stale : say.offline));
    return told;
  }

  // --- the screen --------------------------------------------------------------------------------------------------------------------

  const line = (kind, text) => {
    const item = document.createElement("li");
    item.className = kind;
    item.textContent = text ?? "";
    shown.told.append(item);
    shown["told-empty"].hidden = true;
    shown.told.scrollTop = shown.told.scrollHeight;
    return item;
  };
  const state = (text) => { if (shown.state.textContent !== text) shown.state.textContent = text; };
  const fault = (error) => { line("fault", error.message); state(error.message); };
  const now = (words, language, gloss) => {
    shown["now-words"].textContent = words;
    shown["now-words"].lang = language || "";
    shown["now-gloss"].textContent = gloss;
  };
  const allow = (keys) => root.querySelectorAll(".key").forEach((key) => key.classList.toggle("may", keys.includes(key.dataset.key)));

  function faces() {
    const chosen = root.querySelector("input[name=who]:checked");
    shown.other.hidden = chosen.value !== "";
    shown.about.textContent = chosen.dataset.about;
    shown.caller.textContent = chosen.nextElementSibling.textContent;
    return chosen.value || shown["other-number"].value;
  }

  function hooks() {
    root.classList.toggle("in-call", Boolean(call));
    root.classList.toggle("rings", Boolean(incoming) && !call);
    shown.green.disabled = Boolean(call);
    shown.miss.disabled = Boolean(call) || Boolean(incoming);
    shown.red.disabled = !call && !incoming;
    shown.green.setAttribute("aria-label", incoming ? shown.green.dataset.answer : shown.green.dataset.ring);
    root.querySelectorAll("#faces input").forEach((input) => { input.disabled = Boolean(call); });
  }

  setInterval(() => {
    if (!call?.began) return;
    const seconds = Math.floor((Date.now() - call.began) / 1000);
    shown.clock.textContent = written(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
    shown.silence.hidden = !call.silence;
    if (call.silence) {
      const left = Math.max(0, (call.silence.until - Date.now()) / 1000);
      shown["silence-bar"].value = left / call.silence.of;
      shown["silence-left"].textContent = written(`${Math.ceil(left)} ${say.seconds}`);
    }
  }, 200);
  const silence = (seconds) => { call.silence = seconds ? { until: Date.now() + seconds * 1000, of: seconds } : null; };

  // --- a call ------------------------------------------------------------------------------------------------------------------------

  async function ring(missed) {
    if (call) return;
    const answering = incoming && !missed;
    call = { ends: new AbortController(), keys: 0, listens: null, silence: null };
    incoming = null;
    shown.told.replaceChildren();
    shown.pressed.textContent = written("0");
    shown.clock.textContent = written("0:00");
    now("", "", "");
    hooks();
    root.querySelector(".handset").scrollIntoView({ block: "nearest" });
    const mine = call, number = faces();
    try {
      if (!answering) {
        state(say.ringing);
        sound.tone(RINGBACK, 1);
        await later(missed ? 1.2 : 1.5, mine.ends.signal);
        if (missed || mine.ends.signal.aborted) {
          await post("missed", { number });
          line("note", say.missed);
          return over(mine);
        }
      }
      const begun = await post(answering ? "pick-up" : "ring", { number });
      mine.token = begun.call;
      mine.began = Date.now();
      await perform(mine, begun.verbs);
    } catch (error) {
      fault(error);
    }
    await over(mine);
  }

  /* Does what the verbs say, one after the other, and asks for more where they lead on. */
  async function perform(mine, first) {
    let verbs = first;
    while (verbs && !mine.ends.signal.aborted) {
      let next = null;
      for (const verb of verbs) {
        if (mine.ends.signal.aborted) break;
        next = await VERBS[verb.do](mine, verb);
        if (next) break;
      }
      if (!next || next.over || mine.ends.signal.aborted) return;
      verbs = (await post("step", { call: mine.token, ...next })).verbs;
    }
  }

  async function over(mine) {
    if (call !== mine) return;
    call = null;
    allow([]);
    shown.typed.textContent = "";
    shown.silence.hidden = shown.dialled.hidden = true;
    now("", "", "");
    if (!shown.told.lastElementChild?.classList.contains("fault")) state(say.over);
    hooks();
    if (mine.token) await post("end", { call: mine.token }).catch(fault);
    await news();
  }

  const VERBS = {
    async play(mine, verb) {
      allow([]);
      state(say.speaks_out);
      await speak(mine, verb.lines, mine.ends.signal);
    },
    async gather(mine, verb) {
      const stop = new AbortController();
      const listens = { digits: "", verb, first: () => stop.abort(), done: null, timer: null };
      mine.ends.signal.addEventListener("abort", () => { stop.abort(); listens.done?.(); }, { once: true });
      mine.listens = listens;
      allow(verb.keys.length ? verb.keys : verb.finish ? [..."0123456789", ...(listens.digits ? verb.finish : "")] : [..."0123456789"]);
      state(say.speaks);
      const digits = new Promise((done) => { listens.done = done; });
      const trailing = verb.lines.reduce((sum, each) => (each.clips.every((clip) => clip.src.startsWith(SILENT)) ? sum + each.clips[0].seconds : 0), 0);
      const spoken = speak(mine, verb.lines, stop.signal, () => { silence(trailing + verb.timeout); state(verb.most === 1 ? say.key : say.keys); });
      spoken.then(() => { if (!listens.digits && mine.listens === listens) patience(listens, verb.timeout); });
      await digits;
      clearTimeout(listens.timer);
      stop.abort();
      mine.listens = null;
      silence(0);
      allow([]);
      shown.typed.textContent = "";
      if (mine.ends.signal.aborted) return null;
      if (!listens.digits) {
        line("note", say.silent);
        return null;
      }
      line("pressed", written(`${say.pressed} ${verb.secret ? "•".repeat(listens.digits.length) : listens.digits}`));
      return { step: verb.step, keys: listens.digits };
    },
    async record(mine, verb) {
      allow([...verb.finish]);
      state(say.speak);
      sound.tone(BEEP, 0.4);
      await later(0.5, mine.ends.signal);
      const heard = root.dataset.real ? null : await listen(mine, verb);
      allow([]);
      silence(0);
      if (!heard) {
        line("note", say.no_microphone);
        return mine.ends.signal.aborted ? null : { step: verb.step, spoke: "nothing" };
      }
      if (heard.key) line("pressed", written(`${say.pressed} ${heard.key}`));
      if (!heard.wav) return mine.ends.signal.aborted || !heard.key ? null : { step: verb.step, spoke: "nothing", keys: heard.key };
      const kept = await post("recording", {}, heard.wav);
      line("pressed", written(`${say.spoke} · ${kept.seconds} ${say.seconds}`));
      const told = { step: verb.step, recording: kept.recording, seconds: kept.seconds, keys: heard.key };
      if (!mine.ends.signal.aborted) return told;
      await post("step", { call: mine.token, ...told, over: "yes" }); // she spoke and hung up: it is kept all the same
      return { over: true };
    },
    async dial(mine, verb) {
      state(say.dialled);
      line("note", `${say.dialled} ${verb.to}`);
      shown.dialled.hidden = false;
      sound.tone(RINGBACK, 1);
      silence(verb.timeout);
      const answer = await Promise.race([
        new Promise((done) => { byId("dial-yes").onclick = () => done("answered"); byId("dial-no").onclick = () => done("nobody"); }),
        later(verb.timeout, mine.ends.signal).then(() => "nobody"),
      ]);
      shown.dialled.hidden = true;
      silence(0);
      return { step: verb.step, dialled: answer };
    },
    go: async (mine, verb) => ({ step: verb.step }),
    hangup: async () => ({ over: true }),
    reject: async () => ({ over: true }),
  };

  /* Speaks lines clip by clip and writes them down as they are spoken; `quiet` is told when only silence is left. */
  async function speak(mine, lines, signal, quiet) {
    const clips = lines.flatMap((each) => each.clips.map((clip) => ({ clip, of: each })));
    const last = clips.findLastIndex(({ clip }) => !clip.src.startsWith(SILENT));
    if (last < 0) quiet?.();
    let item = null, of = null;
    for (const [place, { clip, of: its }] of clips.entries()) {
      if (signal.aborted) break;
      if (clip.src.startsWith(SILENT)) {
        await sound.play(clip, signal);
        continue;
      }
      if (of !== its) {
        of = its;
        item = line("said-line");
        const words = document.createElement("p"), gloss = document.createElement("p");
        words.className = "words";
        if (its.language) words.lang = its.language;
        gloss.className = "gloss";
        gloss.lang = "en";
        gloss.textContent = its.gloss;
        item.append(words, gloss);
      }
      const span = document.createElement("span");
      span.textContent = clip.text === "…" ? say.recorded_voice : clip.text;
      span.className = "now";
      item.firstChild.append(span);
      shown.told.scrollTop = shown.told.scrollHeight;
      now(item.firstChild.textContent, its.language, its.gloss);
      const playing = sound.play(clip, signal);
      sound.prepare(clips[place + 1]?.clip);
      if (!(await playing)) line("fault", say.no_sound);
      span.className = "";
      if (place === last && !signal.aborted) quiet?.();
    }
  }

  const patience = (listens, seconds) => {
    clearTimeout(listens.timer);
    if (call) silence(seconds);
    listens.timer = setTimeout(() => listens.done(), seconds * 1000);
  };

  function press(key) {
    sound.tone(TONES[key], 0.16);
    const button = root.querySelector(`.key[data-key="${CSS.escape(key)}"]`);
    button.classList.add("down");
    setTimeout(() => button.classList.remove("down"), 120);
    if (!call) return;
    if (call.recording?.finish.includes(key)) {
      count();
      call.recording.end(key);
      return;
    }
    const { listens } = call;
    if (!listens) {
      line("note", say.lost);
      return;
    }
    count();
    listens.first();
    const { verb } = listens;
    if (verb.finish && key === verb.finish) {
      listens.done();
      return;
    }
    listens.digits += key;
    shown.typed.textContent = verb.secret ? "•".repeat(listens.digits.length) : listens.digits;
    if (listens.digits.length === verb.most) listens.done();
    else patience(listens, verb.timeout);
  }
  const count = () => { call.keys += 1; shown.pressed.textContent = written(String(call.keys)); };

  // --- the microphone: as long as she speaks, then 8 kHz in one channel, which is what a telephone carries ----------------------------

  const LOUD = 0.02;

  async function listen(mine, verb) {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      return null;
    }
    const context = new AudioContext(), meter = context.createAnalyser(), samples = new Float32Array(1024), parts = [];
    context.createMediaStreamSource(stream).connect(meter);
    const recorder = new MediaRecorder(stream);
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.start();
    let spoke = false, quietSince = Date.now(), key = "";
    silence(verb.silence);
    await new Promise((done) => {
      mine.recording = { finish: verb.finish, end: (pressed) => { key = pressed; done(); } };
      mine.ends.signal.addEventListener("abort", done, { once: true });
      const began = Date.now();
      const watch = setInterval(() => {
        meter.getFloatTimeDomainData(samples);
        if (samples.some((sample) => Math.abs(sample) > LOUD)) {
          spoke = true;
          quietSince = Date.now();
          if (call) silence(verb.silence);
        }
        if (Date.now() - quietSince > verb.silence * 1000 || Date.now() - began > verb.longest * 1000) done();
      }, 100);
      mine.recording.watch = watch;
    });
    clearInterval(mine.recording.watch);
    mine.recording = null;
    const stopped = new Promise((done) => { recorder.onstop = done; });
    recorder.stop();
    await stopped;
    stream.getTracks().forEach((track) => track.stop());
    const wav = spoke ? await telephoned(context, new Blob(parts)).catch(() => null) : null;
    await context.close();
    return { key, wav };
  }

  async function telephoned(context, blob) {
    const RATE = 8000, whole = await context.decodeAudioData(await blob.arrayBuffer());
    const offline = new OfflineAudioContext(1, Math.max(1, Math.ceil(whole.duration * RATE)), RATE), source = offline.createBufferSource();
    source.buffer = whole;
    source.connect(offline.destination);
    source.start();
    const samples = (await offline.startRendering()).getChannelData(0), wav = new DataView(new ArrayBuffer(44 + samples.length * 2));
    const write = (at, text) => [...text].forEach((sign, place) => wav.setUint8(at + place, sign.charCodeAt(0)));
    write(0, "RIFF"); wav.setUint32(4, 36 + samples.length * 2, true); write(8, "WAVEfmt ");
    wav.setUint32(16, 16, true); wav.setUint16(20, 1, true); wav.setUint16(22, 1, true);
    wav.setUint32(24, RATE, true); wav.setUint32(28, RATE * 2, true); wav.setUint16(32, 2, true); wav.setUint16(34, 16, true);
    write(36, "data"); wav.setUint32(40, samples.length * 2, true);
    samples.forEach((sample, place) => wav.setInt16(44 + place * 2, Math.max(-1, Math.min(1, sample)) * 32767, true));
    return new Blob([wav], { type: "audio/wav" });
  }

  // --- texts, calls to this phone ----------------------------------------------------------------------------------------------------

  const NEWS_EVERY = 4, RINGS_FOR = 30;

  function show(told) {
    const items = told.texts.map(({ hers, text }) => {
      const item = document.createElement("li");
      item.className = hers ? "hers" : "ours";
      item.textContent = text;
      return item;
    });
    if (!items.length) {
      items.push(document.createElement("li"));
      items[0].className = "none";
      items[0].textContent = say.nothing;
    }
    if (items.map((item) => item.textContent).join("\n") !== [...shown.thread.children].map((item) => item.textContent).join("\n")) {
      shown.thread.replaceChildren(...items);
      shown.thread.scrollTop = shown.thread.scrollHeight;
    }
    shown["calls-empty"].hidden = told.calls.length > 0;
    shown.calls.replaceChildren(...told.calls.map(({ address, at }) => {
      const item = document.createElement("li"), link = document.createElement("a");
      link.href = address;
      link.textContent = at;
      item.append(link);
      return item;
    }));
    if (told.rings && !call && !incoming) {
      incoming = { until: Date.now() + RINGS_FOR * 1000 };
      state(say.rings_you);
    }
    if (!told.rings && incoming) {
      incoming = null;
      state(say.idle);
    }
    hooks();
  }

  let asking = 0;
  async function news() {
    const mine = (asking += 1), number = faces();
    if (!WHOLE.test(number)) return show({ rings: false, texts: [], calls: [] });
    try {
      const told = await post("news", { number });
      if (mine === asking) show(told);
    } catch (error) {
      if (!call) state(error.message);
    }
  }

  async function decline(how) {
    incoming = null;
    hooks();
    await post("decline", { number: faces(), how }).catch(fault);
    state(how === "rejected" ? say.over : say.rang_out);
    await news();
  }

  setInterval(() => {
    if (incoming && !call) sound.tone([440, 480], 0.9, 0.12);
    if (incoming && Date.now() > incoming.until) decline("rang-out");
  }, 2000);
  setInterval(() => { if (!call && document.visibilityState === "visible") news(); }, NEWS_EVERY * 1000);

  // --- hands -------------------------------------------------------------------------------------------------------------------------

  const hangUp = () => {
    if (call) call.ends.abort();
    else if (incoming) decline("rejected");
  };
  root.querySelectorAll(".key").forEach((key) => key.addEventListener("click", () => press(key.dataset.key)));
  shown.green.addEventListener("click", () => ring(false));
  shown.miss.addEventListener("click", () => ring(true));
  shown.red.addEventListener("click", hangUp);
  byId("volume").addEventListener("input", (event) => {
    sound.volume = event.target.value / 100;
    for (const voice of sound.voices) voice.volume = sound.volume;
  });
  byId("faces").addEventListener("change", () => { incoming = null; shown.told.replaceChildren(); shown["told-empty"].hidden = false; state(say.idle); hooks(); news(); });
  byId("faces").addEventListener("submit", (event) => event.preventDefault());
  byId("write").addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = shown.body.value;
    shown.body.value = "";
    try {
      show(await post("text", { number: faces(), body }));
    } catch (error) {
      fault(error);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in TONES && !event.repeat) press(event.key);
    else if (event.key === "Escape") hangUp();
    else if (event.key === "Enter" && !event.target.closest("button, a, summary")) ring(false);
  });
  window.addEventListener("pagehide", () => {
    if (call?.token) fetch("/phone/end", { method: "POST", keepalive: true, headers: { "X-CSRFToken": root.dataset.csrf }, body: new URLSearchParams({ call: call.token }) });
  });
  shown.clock.textContent = written("0:00");
  shown.pressed.textContent = written("0");
  hooks();
  news();

  // --- a call that was had -----------------------------------------------------------------------------------------------------------

  function hearAgain(list) {
    const button = byId("replay-play"), PAUSE = 0.8;
    let stop = null;
    byId("replay-controls").hidden = false;
    button.addEventListener("click", async () => {
      if (stop) {
        stop.abort();
        return;
      }
      const mine = (stop = new AbortController());
      button.textContent = button.dataset.stop;
      for (const item of list.children) {
        if (mine.signal.aborted) break;
        item.classList.add("here");
        item.scrollIntoView({ block: "nearest" });
        if (item.classList.contains("pressed")) {
          if (TONES[item.dataset.key]) sound.tone(TONES[item.dataset.key], 0.16);
          await later(PAUSE, mine.signal);
        }
        for (const span of item.querySelectorAll("[data-src]")) {
          span.classList.add("now");
          await sound.play({ src: span.dataset.src, seconds: 0 }, mine.signal);
          span.classList.remove("now");
        }
        item.classList.remove("here");
      }
      button.textContent = button.dataset.play;
      stop = null;
    });
  }
})();
