// Plays the clips of a sentence one after another, as the phone does.
"use strict";
for (const button of document.querySelectorAll("button[data-clips]")) {
  button.hidden = false;
  const sound = new Audio();
  let left = [];
  const next = () => {
    if (left.length === 0) return;
    sound.src = left.shift();
    sound.play().catch(() => { left = []; });
  };
  sound.addEventListener("ended", next);
  button.addEventListener("click", () => {
    left = button.dataset.clips.split(" ");
    next();
  });
}
