// A wide picture begins where the flow begins.
for (const picture of document.querySelectorAll(".picture")) {
  const first = picture.querySelector(".step").getBoundingClientRect();
  picture.scrollLeft = first.left + first.width / 2 - picture.getBoundingClientRect().left - picture.clientWidth / 2;
}

// A conversation's clips one after the other: the links to each stay for whoever has no script.
for (const clips of document.querySelectorAll(".clips")) {
  const links = [...clips.querySelectorAll("a")];
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  button.textContent = `▶ ${clips.dataset.listen}`;
  const sound = new Audio();
  let next = 0;
  const play = () => {
    if (next < links.length) {
      sound.src = links[next++].href;
      sound.play().catch(() => { next = 0; });
    } else {
      next = 0;
    }
  };
  sound.addEventListener("ended", play);
  button.addEventListener("click", () => {
    sound.pause();
    next = 0;
    play();
  });
  clips.replaceChildren(button);
}
