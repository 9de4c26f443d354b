// Writing a broadcast: words put into a text with a tap, and the clips of a call as one thing to listen to. Without it, the words are
// typed and the clips are played one by one.
"use strict";
{
  let lastText = null;

  const isText = (element) => element instanceof HTMLTextAreaElement && element.name.startsWith("text_");

  document.addEventListener("focusin", (event) => {
    if (isText(event.target)) lastText = event.target;
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    const text = lastText ?? document.querySelector("textarea[name^=text_]");
    const before = text.value.slice(0, text.selectionStart);
    const space = before && !/\s$/.test(before) ? " " : "";
    text.setRangeText(space + button.dataset.insert, text.selectionStart, text.selectionEnd, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  });

  const join = (player) => {
    const button = player.querySelector("button"), label = button.querySelector("span"), play = label.textContent;
    const lines = [...player.querySelectorAll("li")], clips = lines.map((line) => line.querySelector("audio"));
    let at = -1;

    const stop = () => {
      if (at >= 0) {
        clips[at].pause();
        lines[at].firstElementChild.classList.remove("now");
      }
      at = -1;
      label.textContent = play;
    };
    const next = (place) => {
      stop();
      if (place >= clips.length) return;
      at = place;
      lines[at].firstElementChild.classList.add("now");
      label.textContent = player.dataset.stop;
      clips[at].currentTime = 0;
      clips[at].play().catch(stop);
    };
    clips.forEach((clip, place) => clip.addEventListener("ended", () => next(place + 1)));
    button.addEventListener("click", () => (at >= 0 ? stop() : next(0)));
    button.hidden = false;
    player.classList.add("joined");
  };

  const improve = () => {
    for (const slots of document.querySelectorAll("[data-slots][hidden]")) slots.hidden = false;
    for (const player of document.querySelectorAll("[data-player]:not(.joined)")) join(player);
  };
  improve();
  new MutationObserver(improve).observe(document.body, { childList: true, subtree: true });
}
