"use strict";
/* The timeline: a lane for each kind of event, truth above, alarms below; a click seeks. */
const SVG = "http://www.w3.org/2000/svg";

function draw(name, attributes, parent, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent?.append(node);
  return node;
}

function clock(seconds) {
  const tenths = Math.round(Math.max(0, seconds) * 10);
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return `${Math.floor(tenths / 600)}:${rest}`;
}

class ParvisTimeline {
  /** @param {HTMLElement} place @param {object} data @param {(seconds: number, line?: object) => void} seek */
  constructor(place, data, seek) {
    this.place = place;
    this.data = data;
    this.seek = seek;
    this.kinds = [...new Map(data.ledger.map((line) => [line.kind, line.label]))];
    this.now = data.start_s;
    this.gaps = [];
    new ResizeObserver(() => this.render()).observe(place);
  }

  x(seconds) {
    const { start_s: a, end_s: b } = this.data;
    return this.left + ((seconds - a) / Math.max(b - a, 1e-6)) * (this.right - this.left);
  }

  seconds(x) {
    const { start_s: a, end_s: b } = this.data;
    return a + Math.min(1, Math.max(0, (x - this.left) / (this.right - this.left))) * (b - a);
  }

  /** When a line begins and ends on the timeline. */
  span(line) {
    if (line.due === null) return [line.alarm, line.alarm_end ?? line.alarm];
    return [Math.min(line.due, line.alarm ?? line.due), Math.max(line.until ?? this.data.end_s, line.alarm_end ?? line.due)];
  }

  /** Spread the lines of one kind over as few rows as keep them apart. */
  rows(lines) {
    const rows = [], room = 18 / Math.max(1, this.right - this.left) * (this.data.end_s - this.data.start_s);
    for (const line of [...lines].sort((a, b) => this.span(a)[0] - this.span(b)[0])) {
      const row = rows.find((r) => this.span(r.at(-1))[1] + room < this.span(line)[0]);
      if (row) row.push(line);
      else rows.push([line]);
    }
    return rows;
  }

  render() {
    const width = Math.floor(this.place.clientWidth);
    if (!width) return;
    const narrow = width < 620;
    this.left = narrow ? 12 : 150;
    this.right = width - 14;
    const top = 26, row = 40, name = narrow ? 16 : 0;
    const lanes = this.kinds.map(([kind]) => this.rows(this.data.ledger.filter((line) => line.kind === kind)));
    const height = top + lanes.reduce((sum, rows) => sum + name + row * rows.length, 0) + (lanes.length ? 0 : row) + 10;
    const svg = draw("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group" });
    svg.setAttribute("aria-label", "Timeline of true events and alarms");
    const hatch = draw("pattern", { id: "pv-hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, draw("defs", {}, svg));
    draw("rect", { width: 7, height: 7, class: "t-hatch-back" }, hatch);
    draw("rect", { width: 3, height: 7, class: "t-hatch" }, hatch);
    const gap = draw("pattern", { id: "pv-gap", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(-45)" }, svg.firstChild);
    draw("rect", { width: 2, height: 6, class: "t-gap" }, gap);
    this.axis(svg, top, height, width);
    if (!this.kinds.length) draw("text", { x: this.left + 4, y: top + 25, class: "t-quiet" }, svg, "No true events and no alarms.");
    let y = top;
    this.kinds.forEach(([, label], at) => {
      draw("line", { x1: 0, x2: width, y1: y, y2: y, class: "t-rule" }, svg);
      const text = label[0].toUpperCase() + label.slice(1);
      draw("text", narrow ? { x: this.left, y: y + 15, class: "t-label" } : { x: 12, y: y + 25, class: "t-label" }, svg, text);
      y += name;
      for (const rows of lanes[at]) {
        for (const line of rows) this.event(svg, line, y);
        y += row;
      }
    });
    for (const [a, b] of this.gaps) {
      const span = draw("rect", { x: this.x(a), y: top, width: Math.max(2, this.x(b) - this.x(a)), height: height - top - 8, fill: "url(#pv-gap)" }, svg);
      draw("title", {}, span, `no pictures from ${clock(a)} to ${clock(b)}`);
    }
    this.head = draw("g", { class: "t-head" }, svg);
    draw("line", { y1: 12, y2: height - 4 }, this.head);
    draw("path", { d: "M-6 4h12v6l-6 7-6-7z" }, this.head);
    const scrub = (event) => this.seek(this.seconds(event.clientX - svg.getBoundingClientRect().left));
    svg.addEventListener("pointerdown", (event) => {
      if (event.target.closest(".t-event")) return;
      svg.setPointerCapture(event.pointerId);
      scrub(event);
    });
    svg.addEventListener("pointermove", (event) => { if (svg.hasPointerCapture(event.pointerId)) scrub(event); });
    this.place.replaceChildren(svg);
    this.move(this.now);
  }

  axis(svg, top, height, width) {
    const span = this.data.end_s - this.data.start_s, room = (this.right - this.left) / 64;
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200].find((s) => span / s <= room) ?? 14400;
    draw("rect", { x: 0, y: 0, width, height, class: "t-back" }, svg);
    for (let t = Math.ceil(this.data.start_s / step) * step; t <= this.data.end_s + 1e-6; t += step) {
      draw("line", { x1: this.x(t), x2: this.x(t), y1: top - 6, y2: height - 8, class: "t-grid" }, svg);
      const late = this.x(t) > width - 44;
      draw("text", { x: this.x(t) + (late ? -5 : 5), y: 15, "text-anchor": late ? "end" : "start", class: "t-tick" }, svg, clock(t).replace(/\.0$/, ""));
    }
  }

  event(svg, line, y) {
    const said = [`${line.label}: ${line.words}`];
    if (line.due !== null) said.push(`due ${clock(line.due)}`);
    if (line.alarm !== null) said.push(`alarm ${clock(line.alarm)}`);
    const group = draw("g", { class: `t-event s-${line.status}`, tabindex: 0, role: "button", "data-n": line.n, "aria-label": said.join(", ") }, svg);
    draw("title", {}, group, said.join(", "));
    const end = line.due !== null ? line.until ?? this.data.end_s : line.alarm_end ?? line.alarm;
    const from = this.x(line.due ?? line.alarm);
    const bar = { x: from, y: y + 8, width: Math.max(3, this.x(end) - from), height: 9, rx: 2 };
    if (line.due !== null) draw("rect", { ...bar, class: "t-bar", ...(line.status === "missed" ? { fill: "url(#pv-hatch)" } : {}) }, group);
    const mark = this.x(line.alarm === null ? line.due : line.alarm), middle = y + 28;
    if (line.due !== null && line.alarm !== null) draw("line", { x1: from, x2: mark, y1: y + 17, y2: middle, class: "t-delay" }, group);
    if (line.alarm !== null && line.alarm_end !== null) draw("line", { x1: mark, x2: this.x(line.alarm_end), y1: middle, y2: middle, class: "t-lasts" }, group);
    draw("rect", { x: mark - 13, y: y + 4, width: 26, height: 36, fill: "transparent" }, group);
    const shapes = { found: "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z", missed: "M-5-5 5 5M5-5-5 5", no_rule: "M-6 0H6", false: "M0-7 7 6H-7z", unscored: "M0-7 7 0 0 7-7 0z" };
    draw("path", { d: shapes[line.status], transform: `translate(${mark} ${middle})`, class: "t-mark" }, group);
    const go = () => this.seek(line.at, line);
    group.addEventListener("click", go);
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      go();
    });
  }

  /** Show the instant. */
  move(seconds) {
    this.now = seconds;
    this.head?.setAttribute("transform", `translate(${this.x(seconds)} 0)`);
  }
}
