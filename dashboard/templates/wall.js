"use strict";
/* The wall of cameras: each picture is swapped when the next one has arrived; an old one is never shown as if live. */
const wall = document.getElementById("wall");
const PERIOD_MS = 1000, PATIENCE_MS = 5000;
const tiles = new Map();
let answered = performance.now();

function node(name, cls, parent, text = "") {
  const made = document.createElement(name);
  made.className = cls;
  made.textContent = text;
  parent.append(made);
  return made;
}

function tile(id) {
  const box = node("figure", "cam", wall);
  const stage = node("div", "cam-stage", box);
  const picture = node("img", "cam-picture", stage);
  picture.alt = `Last picture of ${id}`;
  picture.hidden = true;
  const veil = node("div", "cam-veil", stage);
  const words = node("p", "", veil);
  const bar = node("figcaption", "cam-bar", box);
  const sign = node("span", "cam-sign", bar);
  node("b", "", bar, id.replaceAll("_", " "));
  const state = node("span", "cam-state", bar);
  return { box, picture, veil, words, sign, state, shown: null, loading: false };
}

function age(seconds) {
  if (seconds === null) return "no picture yet";
  if (seconds < 60) return `picture ${seconds.toFixed(1)} s old`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `picture ${minutes} min old` : `picture ${Math.floor(minutes / 60)} h ${minutes % 60} min old`;
}

function dress(view, camera) {
  view.box.dataset.state = camera.live ? "live" : "stalled";
  view.state.textContent = camera.live ? `live · ${age(camera.age_s)}` : `${camera.words} · ${age(camera.age_s)}`;
  view.veil.hidden = camera.live;
  view.words.textContent = camera.live ? "" : camera.words.toUpperCase();
  if (camera.stamp === null || camera.stamp === view.shown || view.loading) return;
  view.loading = true;
  const next = new Image();
  next.onload = () => {
    view.picture.src = next.src;
    view.picture.hidden = false;
    view.shown = camera.stamp;
    view.loading = false;
  };
  next.onerror = () => { view.loading = false; };
  next.src = `/live/picture/${encodeURIComponent(camera.id)}.jpg?at=${encodeURIComponent(camera.stamp)}`;
}

async function look() {
  try {
    const answer = await fetch("/live/cameras.json", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(`answer ${answer.status}`);
    const cameras = (await answer.json()).cameras;
    answered = performance.now();
    for (const camera of cameras) {
      if (!tiles.has(camera.id)) tiles.set(camera.id, tile(camera.id));
      dress(tiles.get(camera.id), camera);
    }
    for (const [id, view] of tiles) {
      if (cameras.some((c) => c.id === id)) continue;
      view.box.remove();
      tiles.delete(id);
    }
    wall.dataset.empty = cameras.length ? "" : "No camera has reported yet.";
  } catch (error) {
    if (performance.now() - answered > PATIENCE_MS) {
      for (const view of tiles.values()) {
        dress(view, { live: false, words: "the control room does not answer", age_s: null, stamp: null });
        view.state.textContent = "the control room does not answer";
      }
    }
  }
  setTimeout(look, PERIOD_MS);
}

if (window.frameElement) {
  new ResizeObserver(() => { frameElement.style.height = `${document.body.offsetHeight}px`; }).observe(document.body);
}
look();
