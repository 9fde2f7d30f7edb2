"use strict";
/* The film of an alert: the wall clock of each picture, the alarm's place, and a veil where there was no picture. */
const clip = document.getElementById("clip");
const about = JSON.parse(clip.dataset.about);
const film = clip.querySelector("video"), veil = clip.querySelector(".cam-veil"), ring = clip.querySelector(".clip-box");
const clock = clip.querySelector(".clip-clock"), state = clip.querySelector(".cam-state");
const began = Date.parse(about.began_at);

function place() {
  /* the picture lies in the middle of its stage, as large as fits */
  const stage = film.parentElement.getBoundingClientRect();
  const [width, height] = about.of_px, scale = Math.min(stage.width / width, stage.height / height);
  const [x1, y1, x2, y2] = about.box_px;
  ring.style.left = `${(stage.width - width * scale) / 2 + x1 * scale}px`;
  ring.style.top = `${(stage.height - height * scale) / 2 + y1 * scale}px`;
  ring.style.width = `${(x2 - x1) * scale}px`;
  ring.style.height = `${(y2 - y1) * scale}px`;
}

function show() {
  const now = film.currentTime;
  const gap = about.gaps.find(([from, to]) => now > from + 0.2 && now < to);
  veil.hidden = !gap;
  if (gap) veil.firstElementChild.textContent = `NO PICTURE FOR ${(gap[1] - gap[0]).toFixed(1)} S`;
  clock.textContent = new Date(began + 1000 * now).toLocaleTimeString([], { hour12: false });
  const since = now - about.alert_s;
  state.textContent = since < 0 ? `${(-since).toFixed(1)} s before the alert` : `${since.toFixed(1)} s after the alert`;
  ring.hidden = !about.box_px || since < 0 || Boolean(gap);
  if (!ring.hidden) place();
}

film.addEventListener("timeupdate", show);
film.addEventListener("seeked", show);
film.addEventListener("error", () => { veil.hidden = false; veil.firstElementChild.textContent = "THE FILM CANNOT BE SHOWN"; });
addEventListener("resize", show);
film.addEventListener("playing", function step() { show(); if (!film.paused) requestAnimationFrame(step); });
show();
