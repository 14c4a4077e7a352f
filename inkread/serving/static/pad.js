// The drawing area: strokes by mouse, finger, pen or keyboard, with undo, redo and an eraser.
// Strokes are kept in units of which the width of the sheet has 800, so that they survive any resizing.

export const WIDTH = 800;
const STEP = 16; // of the keyboard's pen

export class Pad {
  constructor(canvas, { onchange, onend }) {
    this.canvas = canvas;
    this.onchange = onchange;
    this.onend = onend;
    this.states = [[]]; // each a list of strokes; strokes are never changed once they are in one
    this.at = 0;
    this.tool = "pen";
    this.thickness = 20;
    this.enabled = true;
    this.stroke = null;
    this.cursor = null; // of the keyboard
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.#up(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#leave());
    new ResizeObserver(() => this.paint()).observe(canvas);
  }

  get strokes() {
    return this.stroke ? [...this.states[this.at], this.stroke] : this.states[this.at];
  }
  get empty() {
    return this.strokes.length === 0;
  }
  get height() {
    const { clientWidth, clientHeight } = this.canvas;
    return Math.round((WIDTH * clientHeight) / Math.max(1, clientWidth));
  }
  get canUndo() {
    return this.at > 0;
  }
  get canRedo() {
    return this.at < this.states.length - 1;
  }

  undo() {
    if (this.canUndo) this.#go(this.at - 1);
  }
  redo() {
    if (this.canRedo) this.#go(this.at + 1);
  }
  clear() {
    if (!this.empty) this.#push([]);
  }
  // Forgets everything, the steps that could be undone too.
  reset() {
    this.states = [[]];
    this.stroke = null;
    this.#go(0);
  }

  #go(at) {
    this.at = at;
    this.paint();
    this.onchange();
    this.onend();
  }
  #push(strokes) {
    this.states = [...this.states.slice(0, this.at + 1), strokes];
    this.#go(this.at + 1);
  }

  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = WIDTH / box.width;
    // Only a pen knows how hard it is pressed.
    const pressure = event.pointerType === "pen" && event.pressure > 0 ? event.pressure : 0.5;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale, pressure];
  }
  #begin(point, tool) {
    this.stroke = { tool, thickness: this.thickness, points: [point] };
    this.paint();
    this.onchange();
  }
  #end() {
    const stroke = this.stroke;
    if (!stroke) return;
    this.stroke = null;
    this.#push([...this.states[this.at], stroke]);
  }
  #down(event) {
    if (!this.enabled || this.stroke || (event.pointerType === "mouse" && event.button !== 0)) return;
    event.preventDefault();
    this.canvas.classList.add("by-pointer"); // no ring around what a finger touches
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    this.cursor = null;
    const turned = event.pointerType === "pen" && (event.buttons & 32) !== 0; // the pen's other end
    this.#begin(this.#point(event), turned ? "eraser" : this.tool);
  }
  #move(event) {
    if (!this.stroke || event.pointerId !== this.pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event]) this.stroke.points.push(this.#point(one));
    this.paint();
    this.onchange();
  }
  #up(event) {
    if (event.pointerId === this.pointer) this.#end();
  }

  #key(event) {
    this.canvas.classList.remove("by-pointer");
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!this.enabled || event.ctrlKey || event.metaKey || event.altKey) return;
    if (way) {
      event.preventDefault();
      const step = event.shiftKey ? 3 * STEP : STEP;
      const [x, y] = this.cursor ?? [WIDTH / 2, this.height / 2];
      this.cursor = [clamp(x + way[0] * step, WIDTH), clamp(y + way[1] * step, this.height)];
      if (this.stroke) {
        this.stroke.points.push([...this.cursor, 0.5]);
        this.onchange();
      }
      this.paint();
    } else if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      this.cursor ??= [WIDTH / 2, this.height / 2];
      if (this.stroke) this.#end();
      else this.#begin([...this.cursor, 0.5], this.tool);
    }
  }
  #leave() {
    this.canvas.classList.remove("by-pointer");
    if (this.cursor) this.#end();
    this.cursor = null;
    this.paint();
  }

  paint() {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    const style = getComputedStyle(canvas);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.scale(width / WIDTH, width / WIDTH);
    draw(context, this.strokes, style.getPropertyValue("--ink"));
    if (this.cursor) this.#paintCursor(context, style.getPropertyValue("--accent"));
  }
  #paintCursor(context, colour) {
    const [x, y] = this.cursor;
    context.globalCompositeOperation = "source-over";
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 3;
    context.beginPath();
    context.arc(x, y, 14, 0, 7);
    context.stroke();
    if (!this.stroke) return;
    context.beginPath();
    context.arc(x, y, 5, 0, 7);
    context.fill();
  }

  // The drawing as black ink on white, in a canvas of its own.
  picture({ mirrored = false } = {}) {
    const ink = sized(WIDTH, this.height);
    const context = ink.getContext("2d");
    if (mirrored) context.setTransform(-1, 0, 0, 1, WIDTH, 0);
    draw(context, this.strokes, "#000");
    const page = sized(WIDTH, this.height);
    const onto = page.getContext("2d");
    onto.fillStyle = "#fff";
    onto.fillRect(0, 0, page.width, page.height);
    onto.drawImage(ink, 0, 0);
    page.strokes = mirrored ? this.strokes.map(mirror) : this.strokes; // for who can draw it anew
    return page;
  }
}

function clamp(value, most) {
  return Math.min(Math.max(value, 0), most);
}

export function sized(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return canvas;
}

function mirror(stroke) {
  return { ...stroke, points: stroke.points.map(([x, y, pressure]) => [WIDTH - x, y, pressure]) };
}

export function draw(context, strokes, colour) {
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = context.fillStyle = colour;
  for (const stroke of strokes) {
    const rubs = stroke.tool === "eraser";
    context.globalCompositeOperation = rubs ? "destination-out" : "source-over";
    trace(context, stroke.points, rubs ? stroke.thickness * 2.2 : stroke.thickness);
  }
  context.globalCompositeOperation = "source-over";
}

// A smooth line through the middles between the points, as wide as the pen was pressed.
function trace(context, points, thickness) {
  const wide = (pressure) => thickness * (0.45 + 1.1 * pressure);
  let [x, y] = points[0];
  context.beginPath();
  context.arc(x, y, wide(points[0][2]) / 2, 0, 7);
  context.fill();
  for (let i = 1; i < points.length; i++) {
    const [cornerX, cornerY] = points[i - 1];
    const last = i === points.length - 1;
    const toX = last ? points[i][0] : (cornerX + points[i][0]) / 2;
    const toY = last ? points[i][1] : (cornerY + points[i][1]) / 2;
    context.lineWidth = wide((points[i - 1][2] + points[i][2]) / 2);
    context.beginPath();
    context.moveTo(x, y);
    context.quadraticCurveTo(cornerX, cornerY, toX, toY);
    context.stroke();
    [x, y] = [toX, toY];
  }
}
