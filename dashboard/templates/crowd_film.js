// The crowd from above: density under everybody, one or two crowds in step.
(async () => {
  const STOPS = [[0, 216, 236, 245], [0.17, 127, 195, 221], [0.33, 75, 179, 160], [0.58, 242, 212, 92], [0.75, 240, 138, 60], [1, 215, 38, 61]];
  const DARK_STOPS = [[0, 23, 50, 74], [0.17, 31, 111, 139], ...STOPS.slice(2)];
  const root = [...document.querySelectorAll(".cf")].pop();
  const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const packed = bytesOf(root.querySelector(".cf-data").textContent.trim());
  const data = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
  const ink = data.dark
    ? { floor: "#202a32", edge: "#7f93a4", thing: "#4a5865", open: "#4ade80", shut: "#ff7b7b", person: "#ffffff" }
    : { floor: "#f4f6f7", edge: "#3b4751", thing: "#aeb8c0", open: "#16803f", shut: "#c4342c", person: "#12202b" };

  const colour = (share) => {
    const stops = data.dark ? DARK_STOPS : STOPS;
    const after = Math.max(1, stops.findIndex((s) => s[0] >= share));
    const [a, b] = [stops[after - 1], stops[after]];
    const t = Math.min(1, (share - a[0]) / (b[0] - a[0]));
    return [1, 2, 3].map((k) => a[k] + t * (b[k] - a[k]));
  };
  const palette = Array.from({ length: 256 }, (_, v) => [...colour(Math.min(1, v / data.steps)), Math.min(255, v * 22)]);

  class Crowd {
    constructor(canvas, words, crowd) {
      Object.assign(this, { canvas, words, crowd });
      const [west, south, east, north] = crowd.bounds_m;
      this.pad = 0.6;
      this.scale = 900 / (east - west + 2 * this.pad);
      canvas.width = 900;
      canvas.height = Math.round((north - south + 2 * this.pad) * this.scale);
      this.heat = document.createElement("canvas");
      this.heat.width = crowd.columns;
      this.heat.height = crowd.rows;
      this.maps = crowd.maps.map(bytesOf);
    }
    at(x, y) {
      const [west, , , north] = this.crowd.bounds_m;
      return [(x - west + this.pad) * this.scale, (north + this.pad - y) * this.scale];
    }
    ring(pen, points) {
      pen.beginPath();
      for (const [x, y] of points) pen.lineTo(...this.at(x, y));
      pen.closePath();
    }
    show(time) {
      const { crowd, scale } = this, times = crowd.time_s, pen = this.canvas.getContext("2d");
      let frame = times.findIndex((t) => t > time) - 1;
      if (frame < 0) frame = time < times[0] ? 0 : times.length - 1;
      pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
      this.ring(pen, crowd.outline);
      pen.fillStyle = ink.floor;
      pen.fill();
      const heat = this.heat.getContext("2d"), picture = heat.createImageData(crowd.columns, crowd.rows);
      this.maps[frame].forEach((v, k) => {
        const row = crowd.rows - 1 - Math.floor(k / crowd.columns), column = k % crowd.columns;
        picture.data.set(palette[v], 4 * (row * crowd.columns + column));
      });
      heat.putImageData(picture, 0, 0);
      const [west, south] = crowd.bounds_m, [left, top] = this.at(west, south + crowd.rows);
      pen.save();
      this.ring(pen, crowd.outline);
      pen.clip();
      pen.imageSmoothingQuality = "high";
      pen.drawImage(this.heat, left, top, crowd.columns * scale, crowd.rows * scale);
      pen.restore();
      for (const obstacle of crowd.obstacles) {
        this.ring(pen, obstacle);
        pen.fillStyle = ink.thing;
        pen.fill();
      }
      this.ring(pen, crowd.outline);
      pen.strokeStyle = ink.edge;
      pen.lineWidth = 2.5;
      pen.stroke();
      for (const gate of crowd.gates) {
        pen.beginPath();
        for (const [x, y] of gate.line) pen.lineTo(...this.at(x, y));
        pen.strokeStyle = gate.open ? ink.open : ink.shut;
        pen.lineWidth = 9;
        pen.stroke();
      }
      pen.fillStyle = ink.person;
      const places = crowd.places_cm[frame], size = Math.max(2, 0.2 * scale);
      for (let k = 0; k < places.length; k += 2) {
        pen.beginPath();
        pen.arc(...this.at(west + places[k] / 100, south + places[k + 1] / 100), size, 0, 7);
        pen.fill();
      }
      this.words.textContent = `${places.length / 2} people inside after ${Math.round(times[frame])} s`;
    }
  }

  const crowds = [...root.querySelectorAll("figure")].map(
    (figure, k) => new Crowd(figure.querySelector("canvas"), figure.querySelector("figcaption b"), data.crowds[k]));
  const end = Math.max(...data.crowds.map((c) => c.time_s[c.time_s.length - 1]));
  const [play, seek, said, speed] = [".cf-play", ".cf-seek", ".cf-time", ".cf-speed"].map((s) => root.querySelector(s));
  const last = data.crowds[data.crowds.length - 1];
  let now = last.time_s[last.worst], playing = false, before = 0;
  seek.max = end;
  const show = () => {
    for (const crowd of crowds) crowd.show(now);
    seek.value = now;
    said.textContent = `${now.toFixed(0)} s`;
  };
  const step = (stamp) => {
    if (!playing) return;
    now += ((stamp - before) / 1000) * Number(speed.value);
    before = stamp;
    if (now >= end) [now, playing, play.textContent] = [end, false, "Play"];
    show();
    requestAnimationFrame(step);
  };
  play.onclick = () => {
    playing = !playing;
    play.textContent = playing ? "Pause" : "Play";
    if (playing && now >= end) now = 0;
    before = performance.now();
    if (playing) requestAnimationFrame(step);
  };
  seek.oninput = () => {
    now = Number(seek.value);
    show();
  };
  root.film = { show: (time) => { now = time; show(); }, get time() { return now; } };
  show();
})();
