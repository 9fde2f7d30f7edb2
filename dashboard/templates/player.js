"use strict";
/* The player: film, overlay of the very picture that is shown, switches, keys. Needs timeline.js. */
class ParvisPlayer {
  /** Unpack the data inside the element and make the player; the element then says "ready". */
  static async mount(root) {
    try {
      const text = root.querySelector(".pv-data").textContent.trim();
      const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
      root.player = new ParvisPlayer(root, await new Response(plain).json());
      root.dispatchEvent(new Event("ready"));
    } catch (error) {
      const message = root.querySelector(".pv-message");
      message.textContent = `The player cannot start in this browser: ${error}`;
      message.hidden = false;
      throw error;
    }
  }

  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.video = root.querySelector("video");
    this.canvas = root.querySelector("canvas");
    this.message = root.querySelector(".pv-message");
    this.index = 0;
    this.on = {};
    for (const camera of data.cameras) ParvisPlayer.unpack(camera, data.layers);
    this.timeline = new ParvisTimeline(root.querySelector(".pv-timeline"), data, (t, line) => this.seek(t, line?.camera));
    this.tabs();
    this.controls();
    this.show(data.cameras[0]);
    new ResizeObserver(() => this.paint()).observe(this.canvas);
    this.follow();
  }

  /** Turn differences back into boxes. */
  static unpack(camera, layers) {
    for (const [name, at] of [["truth", 2], ["tracks", 2]]) {
      const last = new Map(), stride = layers[name];
      for (const frame of camera[name] ?? []) {
        for (let i = 0; i < frame.length; i += stride) {
          const before = last.get(frame[i]);
          if (before) for (let k = 0; k < 4; k++) frame[i + at + k] += before[k];
          last.set(frame[i], frame.slice(i + at, i + at + 4));
        }
      }
    }
  }

  tabs() {
    const bar = this.root.querySelector(".pv-tabs");
    bar.hidden = this.data.cameras.length < 2;
    for (const camera of this.data.cameras) {
      const tab = document.createElement("button");
      Object.assign(tab, { type: "button", textContent: camera.id.replaceAll("_", " "), onclick: () => this.show(camera) });
      tab.setAttribute("role", "tab");
      tab.dataset.camera = camera.id;
      bar.append(tab);
    }
  }

  controls() {
    const act = {
      play: () => (this.video.paused ? this.video.play() : this.video.pause()),
      back: () => this.step(-1),
      forward: () => this.step(1),
      next: () => this.jump(1),
      previous: () => this.jump(-1),
    };
    for (const button of this.root.querySelectorAll("[data-do]")) {
      button.addEventListener("click", act[button.dataset.do]);
      if (["next", "previous"].includes(button.dataset.do)) button.disabled = !this.data.ledger.length;
    }
    for (const box of this.root.querySelectorAll("[data-layer]")) {
      const kind = box.dataset.layer;
      if ((kind === "full" || kind === "visible") && this.data.cameras.every((c) => !c.truth)) {
        box.checked = false;
        box.disabled = true;
        box.parentElement.title = "This footage has no true boxes.";
        box.parentElement.classList.add("off");
      }
      this.on[kind] = box.checked;
      box.addEventListener("change", () => { this.on[kind] = box.checked; this.paint(); });
    }
    const speed = this.root.querySelector("select");
    speed.addEventListener("change", () => { this.video.playbackRate = Number(speed.value); });
    this.speed = () => Number(speed.value);
    this.video.addEventListener("click", act.play);
    for (const name of ["play", "pause"]) this.video.addEventListener(name, () => this.root.classList.toggle("playing", !this.video.paused));
    this.video.addEventListener("seeked", () => { this.aiming = false; });
    this.video.addEventListener("loadeddata", () => { if (!this.video.seeking) this.aiming = false; });
    this.video.addEventListener("error", () => this.say("The film cannot be played: it must lie beside this page, in the folder video."));
    this.root.addEventListener("keydown", (event) => {
      if (event.target.matches("select, input") || event.ctrlKey || event.metaKey || event.altKey) return;
      const keys = { " ": act.play, ArrowLeft: act.back, ArrowRight: act.forward, n: act.next, p: act.previous };
      if (!keys[event.key] || (event.key === " " && event.target.matches("button"))) return;
      event.preventDefault();
      keys[event.key]();
    });
  }

  /** Change to a camera, at the same instant. */
  show(camera) {
    const at = this.camera ? this.time() : this.data.start_s;
    this.camera = camera;
    this.say("");
    const stage = this.root.querySelector(".pv-stage");
    stage.style.aspectRatio = `${camera.width} / ${camera.height}`;
    stage.style.setProperty("--ratio", camera.width / camera.height);
    for (const tab of this.root.querySelectorAll(".pv-tabs button")) tab.setAttribute("aria-selected", tab.dataset.camera === camera.id);
    const playing = !this.video.paused;
    this.video.src = camera.src;
    this.video.playbackRate = this.video.defaultPlaybackRate = this.speed();
    this.timeline.gaps = camera.gaps;
    this.timeline.render();
    this.seek(at);
    if (playing) this.video.play();
  }

  time() { return this.camera.time_s[this.index]; }

  /** Go to an instant of the footage, in seconds, if need be on another camera. */
  seek(seconds, cameraId) {
    const wanted = this.data.cameras.find((c) => c.id === cameraId);
    if (wanted && wanted !== this.camera) this.show(wanted);
    const times = this.camera.time_s;
    let i = ParvisPlayer.after(times, seconds - 1e-6);
    if (i > 0 && (i === times.length || times[i] - seconds > seconds - times[i - 1])) i -= 1;
    this.go(i);
  }

  /** First index whose value is not under the wanted one. */
  static after(values, wanted) {
    let low = 0, high = values.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  go(index) {
    const media = this.camera.media_s, i = Math.min(media.length - 1, Math.max(0, index));
    const next = media[i + 1] ?? media[i] + 0.02;
    this.aiming = true; // what is shown until the film is there is not what was asked for
    this.video.currentTime = media[i] + Math.min(0.25 * (next - media[i]), 0.02);
    this.at(i);
  }

  step(by) { this.video.pause(); this.go(this.index + by); }

  jump(by) {
    const now = this.time(), lines = this.data.ledger;
    const near = (this.camera.time_s[1] - this.camera.time_s[0] || 0.04) / 2 + 1e-6;
    const line = by > 0 ? lines.find((l) => l.at > now + near) : lines.findLast((l) => l.at < now - near);
    if (line) this.seek(line.at, line.camera);
  }

  /** Redraw whenever the browser shows another picture. */
  follow() {
    const media = () => this.camera.media_s;
    const nearest = (t) => {
      const i = ParvisPlayer.after(media(), t);
      return i > 0 && (i === media().length || media()[i] - t > t - media()[i - 1]) ? i - 1 : i;
    };
    if ("requestVideoFrameCallback" in HTMLVideoElement.prototype) {
      const shown = (_, picture) => {
        if (!this.aiming) this.at(nearest(picture.mediaTime));
        this.video.requestVideoFrameCallback(shown);
      };
      this.video.requestVideoFrameCallback(shown);
      return;
    }
    const tick = () => {
      const t = this.video.currentTime;
      if (!this.aiming) this.at(Math.max(0, ParvisPlayer.after(media(), t + 1e-4) - 1));
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  at(index) {
    this.index = index;
    this.timeline.move(this.time());
    this.root.querySelector(".pv-time").textContent = `${clock(this.time())} / ${clock(this.data.end_s)}`;
    const counts = [["truth", "true"], ["detections", "detected"], ["tracks", "tracked"]]
      .filter(([layer]) => this.camera[layer])
      .map(([layer, word]) => `${(this.camera[layer][index]?.length ?? 0) / this.data.layers[layer]} ${word}`);
    this.root.querySelector(".pv-counts").textContent = counts.join("  ·  ");
    this.paint();
  }

  paint() {
    const { canvas, camera } = this, width = canvas.clientWidth, height = canvas.clientHeight, dense = devicePixelRatio || 1;
    if (!width) return;
    if (canvas.width !== Math.round(width * dense) || canvas.height !== Math.round(height * dense)) {
      canvas.width = Math.round(width * dense);
      canvas.height = Math.round(height * dense);
    }
    const pen = canvas.getContext("2d"), k = width / camera.width;
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, width, height);
    const colour = (name) => getComputedStyle(this.root).getPropertyValue(name);
    if (this.on.full || this.on.visible) this.truth(pen, k, colour);
    if (this.on.detections) this.boxes(pen, k, "detections", 0, colour("--c-detections"));
    if (this.on.tracks) this.tracks(pen, k, colour("--c-tracks"));
    if (this.on.alarms) this.alarms(pen, k, colour);
  }

  truth(pen, k, colour) {
    const rows = this.camera.truth?.[this.index] ?? [];
    for (let i = 0; i < rows.length; i += this.data.layers.truth) {
      const [, , x, y, w, h, left, top, right, bottom, percent] = rows.slice(i, i + this.data.layers.truth);
      if (this.on.full) {
        pen.setLineDash([4, 3]);
        this.box(pen, colour("--c-full"), 1, x * k, y * k, w * k, h * k);
        pen.setLineDash([]);
      }
      if (this.on.visible && percent >= 0) this.box(pen, colour("--c-visible"), 1.5, (x + left) * k, (y + top) * k, (w - left - right) * k, (h - top - bottom) * k);
    }
  }

  boxes(pen, k, layer, at, colour) {
    const rows = this.camera[layer][this.index] ?? [], stride = this.data.layers[layer];
    for (let i = 0; i < rows.length; i += stride) this.box(pen, colour, 1.5, ...rows.slice(i + at + 1, i + at + 5).map((v) => v * k));
  }

  tracks(pen, k, colour) {
    const { camera, index } = this, stride = this.data.layers.tracks, rows = camera.tracks[index] ?? [], trails = new Map();
    for (let f = index; f >= 0 && camera.time_s[index] - camera.time_s[f] <= 4; f--) {
      const frame = camera.tracks[f];
      for (let i = 0; i < frame.length; i += stride) {
        if (!trails.has(frame[i])) trails.set(frame[i], []);
        trails.get(frame[i]).push([(frame[i + 2] + frame[i + 4] / 2) * k, (frame[i + 3] + frame[i + 5]) * k]);
      }
    }
    for (let i = 0; i < rows.length; i += stride) {
      const [id, bag, x, y, w, h] = rows.slice(i, i + 6);
      this.box(pen, colour, bag ? 2.5 : 1.5, x * k, y * k, w * k, h * k);
      pen.globalAlpha = 0.7;
      pen.beginPath();
      for (const [px, py] of trails.get(id)) pen.lineTo(px, py);
      pen.stroke();
      pen.globalAlpha = 1;
      this.name(pen, `${bag ? "bag " : ""}${camera.track_names[id]}`, x * k, y * k - 3, colour);
    }
  }

  alarms(pen, k, colour) {
    const now = this.time();
    for (const line of this.data.ledger) {
      const box = line.boxes[this.camera.id], from = line.due ?? line.alarm;
      const end = Math.max(line.until ?? -1, line.alarm_end ?? -1, (line.alarm ?? line.due) + 3);
      if (!box || now < from - 0.05 || now > end) continue;
      const tint = colour(`--c-${line.status}`), [x, y, r, b] = box.map((v) => v * k), pad = 5;
      const raised = line.alarm !== null && now >= line.alarm - 0.05;
      pen.setLineDash(raised ? [] : [6, 4]);
      this.box(pen, tint, raised ? 3 : 2, x - pad, y - pad, r - x + 2 * pad, b - y + 2 * pad);
      pen.setLineDash([]);
      const state = line.status === "found" ? (raised ? "alarm, true" : "not yet said") : line.words;
      this.tag(pen, `${this.canvas.clientWidth < 520 ? line.n : line.label}: ${state}`, x - pad, y - pad, tint);
    }
  }

  box(pen, colour, size, x, y, w, h) {
    pen.strokeStyle = colour;
    pen.lineWidth = size;
    pen.strokeRect(x, y, w, h);
  }

  /** A quiet text, readable on any ground: many stand close together. */
  name(pen, text, x, y, colour) {
    pen.font = "10px system-ui, sans-serif";
    pen.lineWidth = 3;
    pen.lineJoin = "round";
    pen.strokeStyle = "rgb(14 19 23 / 80%)";
    pen.strokeText(text, x, y);
    pen.fillStyle = colour;
    pen.fillText(text, x, y);
  }

  tag(pen, text, x, y, colour) {
    pen.font = "600 11px system-ui, sans-serif";
    const width = pen.measureText(text).width + 8, left = Math.max(0, Math.min(x - 1, this.canvas.clientWidth - width));
    const top = Math.max(0, y - 15);
    pen.fillStyle = colour;
    pen.fillRect(left, top, width, 15);
    pen.fillStyle = "#10161b";
    pen.fillText(text, left + 4, top + 11.5);
  }

  say(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
  }
}
