// Templates of forms: boxes drawn over a picture of the form, saved as JSON.

import { make, place, placed } from "./show.js";

const KINDS = ["number", "amount", "postcode"];
const SMALLEST = 6; // pixels of a side: less was a click and no box

export class Form {
  constructor({ sheet, boxes, panel, save, marks }) {
    Object.assign(this, { sheet, boxes, panel, save, findMarks: marks });
    this.page = null; // { width, height, name, file } of the picture
    this.marks = null; // { corners, mark, upright }, once they are found
    this.told = "";
    this.fields = [];
    sheet.addEventListener("pointerdown", (event) => this.#down(event));
  }

  open(page) {
    this.page = page;
    this.fields = [];
    this.marks = null;
    this.told = "Looking for corner marks …";
    this.show();
    if (page) this.#look(page);
  }

  async #look(page) {
    const found = await this.findMarks(page.file);
    if (this.page !== page) return;
    this.marks = found?.corners ? { corners: found.corners, mark: found.mark, upright: found.upright } : null;
    this.told = this.marks
      ? "Corner marks found: scans may be turned, smaller, or seen from aside."
      : "No corner marks found: scans have to show the whole form, straight, and nothing else.";
    const status = this.panel.querySelector("[role=status]");
    if (status) status.textContent = this.told;
    this.#showBoxes();
  }

  template() {
    const { width, height, name } = this.page;
    const fields = this.fields.map(({ box, ...rest }) => ({ ...rest, box: [box.left, box.top, box.width, box.height] }));
    return { format: 1, name: name.replace(/\.[^.]*$/, "") || "form", width, height, ...this.marks, fields };
  }

  #down(event) {
    if (!this.active || !this.page || event.button !== 0 || event.target.closest("button")) return;
    event.preventDefault();
    const start = this.#point(event);
    const box = { left: start[0], top: start[1], width: 0, height: 0 };
    const shown = make("div", { class: "box" });
    this.boxes.append(shown);
    const move = (later) => {
      const [x, y] = this.#point(later);
      Object.assign(box, { left: Math.min(x, start[0]), top: Math.min(y, start[1]), width: Math.abs(x - start[0]), height: Math.abs(y - start[1]) });
      place(shown, box, placed(this.page, this.boxes));
    };
    const end = () => {
      window.removeEventListener("pointermove", move);
      if (box.width >= SMALLEST && box.height >= SMALLEST) this.add(box);
      else this.show();
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end, { once: true });
  }

  // A place on the sheet in pixels of the picture.
  #point(event) {
    const box = this.boxes.getBoundingClientRect();
    const at = placed(this.page, this.boxes);
    const into = (share, start, scale, most) => Math.round(Math.min(Math.max((share - start) / scale, 0), most));
    return [into((event.clientX - box.left) / box.width, at.left, at.x, this.page.width), into((event.clientY - box.top) / box.height, at.top, at.y, this.page.height)];
  }

  add(box) {
    this.fields.push({ name: `field ${this.fields.length + 1}`, kind: "number", box });
    this.show();
    this.panel.querySelector("fieldset:last-of-type input")?.focus();
  }

  show() {
    this.#showBoxes();
    if (!this.page) {
      this.panel.replaceChildren(make("p", {}, "Open a picture of the empty form. Then draw a box around each place that numbers are written in, and save the template."));
      return;
    }
    const { width, height } = this.page;
    const middle = () => ({ left: Math.round(width * 0.4), top: Math.round(height * 0.45), width: Math.round(width * 0.2), height: Math.round(height * 0.06) });
    const add = make("button", { onclick: () => this.add(middle()) }, "Add a box");
    const save = make("button", { onclick: () => this.#save(), disabled: this.fields.length === 0 }, "Save template");
    const help = make("p", {}, "Draw a box around each field, or add one and set its place.");
    const status = make("p", { role: "status" }, this.told);
    this.panel.replaceChildren(help, status, ...this.fields.map((field, i) => this.#fieldset(field, i)), make("div", { class: "actions" }, add, save));
  }

  #showBoxes() {
    const at = this.page && placed(this.page, this.boxes);
    const squares = this.marks ? [...this.marks.corners, this.marks.upright] : [];
    const marks = squares.map(([x, y]) => {
      const half = this.marks.mark / 2;
      return place(make("div", { class: "mark" }), { left: x - half, top: y - half, width: 2 * half, height: 2 * half }, at);
    });
    this.boxes.replaceChildren(...marks, ...this.fields.map((field) => place(make("div", { class: "box" }, make("span", {}, field.name)), field.box, at)));
  }

  #fieldset(field, i) {
    const set = (holder, key, read) => (event) => {
      holder[key] = read(event.target.value);
      if (holder[key] === null) delete holder[key];
      this.#showBoxes();
    };
    const whole = (value) => (value === "" ? null : Math.max(0, Math.round(Number(value))));
    const input = (label, holder, key, type, read) => make("label", {}, label, make("input", { type, value: holder[key] ?? "", min: type === "number" ? 0 : null, oninput: set(holder, key, read) }));
    const kind = make("select", { onchange: set(field, "kind", String) }, ...KINDS.map((one) => make("option", { selected: one === field.kind }, one)));
    const remove = make("button", { onclick: () => { this.fields.splice(i, 1); this.show(); } }, "Remove");
    const sides = ["left", "top", "width", "height"].map((side) => input(side, field.box, side, "number", (value) => whole(value) ?? 0));
    const rows = [input("name", field, "name", "text", String), make("label", {}, "holds", kind), input("how many digits", field, "length", "number", whole)];
    return make("fieldset", {}, make("legend", {}, `Field ${i + 1}`), ...rows, ...sides, remove);
  }

  #save() {
    const name = this.page.name.replace(/\.[^.]*$/, "") || "form";
    this.save(new Blob([`${JSON.stringify(this.template(), null, 2)}\n`], { type: "application/json" }), `${name}-template.json`);
  }
}
