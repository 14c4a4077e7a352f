// Templates of forms: boxes drawn over a picture of the form, or a template opened, saved as JSON.

import { FormPanel } from "./form-panel.js";
import { make, place, placed } from "./show.js";
import { NoTemplate, faultsOf, faultyIn, fromTemplate, newField, toTemplate } from "./template.js";

const SMALLEST = 6; // pixels of a side on the screen: less was a click and no box
const REACH = 9; // pixels on the screen from an edge at which it is taken hold of
const TALLEST = 0.62; // width to height of the sheet, at least
const LABELLED = 12; // pixels of a box's height on the screen below which only the chosen one shows its name
const SKEWED = 0.05; // how far the proportion of a picture may be off that of the template

const stem = (name) => name.replace(/\.[^.]*$/, "") || "form";
const middle = (points, axis) => (points[0][axis] + points[1][axis]) / 2;

export class Form {
  #active = false;

  constructor({ sheet, boxes, panel, save, marks, say }) {
    Object.assign(this, { sheet, boxes, save, findMarks: marks, say });
    this.picture = null; // { width, height, name, file, marks } of the empty form
    this.form = null; // see fromTemplate; its units are the template's own
    this.fileName = null; // of the template, once one was opened
    this.chosen = null;
    this.before = null; // what Undo brings back
    this.told = "";
    const act = {
      form: () => this.form,
      load: (file) => this.load(file),
      undo: () => this.#undo(),
      add: () => this.#addInTheMiddle(),
      save: () => this.#save(),
      startOver: () => this.#startOver(),
      choose: (field, again) => this.#choose(field, again && `li:nth-child(${this.form.fields.indexOf(field ?? this.chosen) + 1}) .row-of-field`),
      set: (holder, key, value) => this.#set(holder, key, value),
      resize: (width) => this.#resize(width),
      mark: (on) => this.#set(this.form, "marked", on),
      remove: (field) => this.#remove(field),
      addSum: () => this.#sums([...this.form.sums, { total: null, parts: [] }], `[data-sum="${this.form.sums.length}"]`),
      removeSum: (sum) => this.#sums(this.form.sums.filter((one) => one !== sum), ".add-sum"),
      total: (sum, field) => this.#set(sum, "total", field),
      part: (sum, field, on) => this.#set(sum, "parts", on ? [...sum.parts, field] : sum.parts.filter((part) => part !== field)),
    };
    this.panel = new FormPanel(panel, act);
    sheet.addEventListener("pointerdown", (event) => this.#down(event));
  }

  get active() {
    return this.#active;
  }

  set active(on) {
    this.#active = on;
    if (!on) this.sheet.style.aspectRatio = "";
  }

  // A picture of the empty form; null when it is closed. What has been drawn or loaded stays.
  open(picture) {
    this.picture = picture;
    if (!picture) return;
    const fresh = !this.form || this.form.fields.length === 0;
    if (fresh) this.#begin();
    this.told = "Looking for corner marks …";
    this.show();
    this.#look(picture, fresh);
  }

  #begin() {
    const { picture } = this;
    this.form = picture && { name: stem(picture.name), width: picture.width, height: picture.height, marks: picture.marks ?? null, marked: Boolean(picture.marks), fields: [], sums: [] };
    this.chosen = this.fileName = null;
  }

  async #look(picture, fresh) {
    const found = await this.findMarks(picture.file);
    if (this.picture !== picture) return;
    picture.marks = found?.corners ? { corners: found.corners, mark: found.mark, upright: found.upright } : null;
    const { form } = this;
    if (fresh && !this.fileName) Object.assign(form, { marks: picture.marks, marked: Boolean(picture.marks) });
    this.#offerMarks();
    this.told = this.#marksTold();
    const { activeElement } = document;
    const typing = this.panel.holder.contains(activeElement) && activeElement.matches("input, select");
    if (typing) this.panel.holder.querySelector(".told").textContent = this.told;
    else this.show();
    this.showBoxes();
  }

  // A template without corner marks may take those of the picture.
  #offerMarks() {
    const { form, picture } = this;
    if (form.marks || !picture?.marks) return;
    const by = [form.width / picture.width, form.height / picture.height];
    const there = (point) => point.map((value, axis) => this.#round(value * by[axis]));
    const { corners, mark, upright } = picture.marks;
    form.marks = { corners: corners.map(there), mark: this.#round(mark * by[0]), upright: there(upright) };
  }

  #marksTold() {
    const { form, picture } = this;
    if (picture?.marks === undefined) return "";
    const skewed = picture && Math.abs((picture.width * form.height) / (picture.height * form.width) - 1) > SKEWED;
    if (picture.marks && form.marked) return "Corner marks found: scans may be turned, smaller, or seen from aside.";
    if (form.marked) return "The picture does not show the corner marks of the template: it is laid over the whole picture.";
    if (skewed) return "The picture has another proportion than the template: scans like it are refused.";
    return `${picture.marks ? "Corner marks are not used" : "No corner marks found"}: scans have to show the whole form, straight, and nothing else.`;
  }

  async load(file) {
    if (!file) return;
    try {
      const { form, told } = fromTemplate(JSON.parse(await file.text()));
      this.#keep();
      Object.assign(this, { form, fileName: file.name, chosen: null });
      this.#offerMarks();
      this.told = [`Opened ${file.name}, ${form.fields.length} fields.`, ...told.map((one) => `${one} It is left out.`), this.#marksTold()].join(" ");
      this.say("");
      this.show();
    } catch (error) {
      this.say(error instanceof NoTemplate ? error.message : "This file is no JSON, so it is no template of a form.");
    }
  }

  #keep() {
    const { form, fileName } = this;
    this.before = form && form.fields.length ? structuredClone({ form, fileName }) : null;
  }

  #undo() {
    Object.assign(this, this.before, { before: null, chosen: null, told: "" });
    this.show();
  }

  // Where the template lies on the sheet, in shares of it: by the corner marks that both have, else edge to edge.
  #place() {
    const { form, picture } = this;
    const view = picture ?? form;
    const at = placed(view, this.boxes);
    const map = { left: 0, top: 0, x: view.width / form.width, y: view.height / form.height };
    if (form.marked && picture?.marks) {
      const [a, b] = [form.marks.corners, picture.marks.corners];
      const across = [[0, 3], [1, 2]].map((pair) => [a, b].map((all) => middle(pair.map((i) => all[i]), 0)));
      const down = [[0, 1], [3, 2]].map((pair) => [a, b].map((all) => middle(pair.map((i) => all[i]), 1)));
      const [x, y] = [across, down].map(([first, last]) => (last[1] - first[1]) / (last[0] - first[0]));
      if (x > 0 && y > 0) Object.assign(map, { x, y, left: across[0][1] - x * across[0][0], top: down[0][1] - y * down[0][0] });
    }
    return { left: at.left + map.left * at.x, top: at.top + map.top * at.y, x: at.x * map.x, y: at.y * map.y };
  }

  // A length as the template has it: a two thousandth of the page is enough.
  #round(value) {
    const decimals = Math.min(Math.max(3 - Math.floor(Math.log10(this.form.width)), 0), 6);
    return Number(value.toFixed(decimals));
  }

  #scale() {
    const [at, box] = [this.#place(), this.boxes.getBoundingClientRect()];
    return { x: at.x * box.width, y: at.y * box.height, left: box.left + at.left * box.width, top: box.top + at.top * box.height };
  }

  #point(event) {
    const scale = this.#scale();
    const into = (place, start, by, most) => this.#round(Math.min(Math.max((place - start) / by, 0), most));
    return [into(event.clientX, scale.left, scale.x, this.form.width), into(event.clientY, scale.top, scale.y, this.form.height)];
  }

  // Which field a point of the form is in or at the edge of, and at which edges.
  #grip([x, y]) {
    const scale = this.#scale();
    const inside = ({ box }, more) => x >= box.left - more / scale.x && x <= box.left + box.width + more / scale.x && y >= box.top - more / scale.y && y <= box.top + box.height + more / scale.y;
    const field = this.chosen;
    if (field && inside(field, REACH)) {
      const { left, top, width, height } = field.box;
      const [rx, ry] = [Math.min(REACH / scale.x, width / 4), Math.min(REACH / scale.y, height / 4)];
      const edges = { left: x < left + rx, right: x > left + width - rx, top: y < top + ry, bottom: y > top + height - ry };
      return { field, edges: Object.values(edges).some(Boolean) ? edges : null };
    }
    const found = this.form.fields.filter((one) => inside(one, 0)).sort((a, b) => a.box.width * a.box.height - b.box.width * b.box.height);
    return { field: found[0] ?? null, edges: null };
  }

  #down(event) {
    if (!this.active || !this.form || event.button !== 0 || event.target.closest("button")) return;
    event.preventDefault();
    document.activeElement?.blur();
    const start = this.#point(event);
    const { field: held, edges } = this.#grip(start);
    const field = held ?? newField("", { left: start[0], top: start[1], width: 0, height: 0 });
    const before = { ...field.box };
    if (held && held !== this.chosen) this.#choose(held);
    const move = (later) => {
      const [x, y] = this.#point(later);
      const sides = dragged(before, held ? edges : { right: true, bottom: true }, x - start[0], y - start[1], this.form);
      for (const [side, value] of Object.entries(sides)) field.box[side] = value === before[side] ? value : this.#round(value);
      if (held) this.panel.refresh();
      this.showBoxes(held ? [] : [field]);
    };
    const end = (last) => {
      for (const kind of ["pointermove", "pointerup", "pointercancel"]) window.removeEventListener(kind, kind === "pointermove" ? move : end);
      const scale = this.#scale();
      const large = field.box.width * scale.x >= SMALLEST && field.box.height * scale.y >= SMALLEST;
      if (last.type === "pointercancel" || !large) Object.assign(field.box, before);
      else if (!held) return this.#add(field.box);
      this.panel.refresh();
      this.showBoxes();
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
  }

  #add(box) {
    const taken = new Set(this.form.fields.map(({ name }) => name));
    let number = this.form.fields.length + 1;
    while (taken.has(`field ${number}`)) number += 1;
    this.form.fields.push(newField(`field ${number}`, box));
    this.#choose(this.form.fields.at(-1), "[data-key=name]");
  }

  #addInTheMiddle() {
    const { width, height } = this.form;
    const sides = { left: width * 0.4, top: height * 0.45, width: width * 0.2, height: height * 0.06 };
    this.#add(Object.fromEntries(Object.entries(sides).map(([side, value]) => [side, this.#round(value)])));
  }

  #choose(field, focus) {
    this.chosen = field;
    this.show(focus);
  }

  #set(holder, key, value) {
    holder[key] = value;
    if (key === "kind") return this.show("[data-key=kind]"); // other controls
    if (key === "total") return this.show(`[data-sum="${this.form.sums.indexOf(holder)}"]`);
    if (key === "marked") {
      this.told = this.#marksTold();
      return this.show(".page [type=checkbox]");
    }
    this.panel.refresh();
    this.showBoxes();
  }

  // Other units: all places follow.
  #resize(width) {
    const { form } = this;
    const by = width / form.width;
    if (!(width >= 1 && form.height * by >= 1)) return this.show();
    form.width = width;
    const round = (value) => this.#round(value * by);
    form.height = round(form.height);
    for (const { box } of form.fields) for (const side of Object.keys(box)) box[side] = round(box[side]);
    const { marks } = form;
    if (marks) form.marks = { corners: marks.corners.map((point) => point.map(round)), mark: round(marks.mark), upright: marks.upright.map(round) };
    this.show(".page [type=number]");
  }

  #remove(field) {
    this.#keep();
    const { form } = this;
    const at = form.fields.indexOf(field);
    form.fields.splice(at, 1);
    form.sums = form.sums.filter((sum) => sum.total !== field).map((sum) => ({ ...sum, parts: sum.parts.filter((part) => part !== field) }));
    this.told = `Removed ${field.name || "the field"}.`;
    this.#choose(null, ".undo");
  }

  #startOver() {
    this.#keep();
    this.told = `Removed ${this.form.fields.length} fields.`;
    this.#begin();
    this.show(".undo");
  }

  #sums(sums, focus) {
    this.form.sums = sums;
    this.show(focus);
  }

  show(focus) {
    const { form, picture, told, chosen } = this;
    const view = picture ?? form;
    this.sheet.classList.toggle("empty", !view);
    this.sheet.style.aspectRatio = view && this.active ? Math.max(view.width / view.height, TALLEST) : "";
    this.panel.show({ form, chosen, told, canUndo: Boolean(this.before) }, focus);
    this.showBoxes();
  }

  showBoxes(drawn = []) {
    const { form, picture, chosen } = this;
    if (!form) return this.boxes.replaceChildren();
    const [at, { y }] = [this.#place(), this.#scale()];
    const paper = picture ? [] : [place(make("div", { class: "paper" }), { left: 0, top: 0, width: form.width, height: form.height }, at)];
    const squares = form.marked ? [...form.marks.corners, form.marks.upright] : [];
    const marks = squares.map(([x, y]) => {
      const { mark } = form.marks;
      return place(make("div", { class: "mark" }), { left: x - mark / 2, top: y - mark / 2, width: mark, height: mark }, at);
    });
    const boxes = [...form.fields, ...drawn].filter(({ box }) => Object.values(box).every(Number.isFinite)).map((field) => {
      const wrong = !drawn.includes(field) && Object.keys(faultsOf(field, form)).length > 0;
      const shown = make("div", { class: `box${field === chosen ? " chosen" : ""}${wrong ? " doubtful" : ""}` }, ...(field === chosen || field.box.height * y >= LABELLED ? [make("span", {}, field.name)] : []));
      if (field.cells > 1 && !wrong) {
        shown.classList.add("cells");
        shown.style.backgroundSize = `${100 / field.cells}% 100%`;
      }
      return place(shown, field.box, at);
    });
    this.boxes.replaceChildren(...paper, ...marks, ...boxes);
  }

  #save() {
    const faulty = faultyIn(this.form);
    if (faulty.length) {
      const first = faulty.includes(this.chosen) ? this.chosen : faulty[0];
      if (this.form.fields.includes(first)) this.chosen = first;
      this.told = "Not saved yet: mend what is marked first.";
      return this.show("[aria-invalid], .parts:has(.fault:not(:empty)) input");
    }
    const blob = new Blob([`${JSON.stringify(toTemplate(this.form), null, 2)}\n`], { type: "application/json" });
    const name = this.fileName ?? `${this.form.name.trim().replace(/[^\p{L}\p{N}-]+/gu, "-").replace(/^-|-$/g, "") || "form"}-template.json`;
    this.save(blob, name);
    this.told = `Saved as ${name}.`;
    this.panel.holder.querySelector(".told").textContent = this.told;
  }
}

// A box of which some edges are moved, or with none of them the whole, inside the page.
function dragged(box, edges, across, down, page) {
  const { left, top, width, height } = box;
  if (!edges) {
    const kept = (start, by, length, most) => Math.min(Math.max(start + by, 0), most - length);
    return { left: kept(left, across, width, page.width), top: kept(top, down, height, page.height), width, height };
  }
  const inside = (value, most) => Math.min(Math.max(value, 0), most);
  const x = [edges.left ? inside(left + across, page.width) : left, edges.right ? inside(left + width + across, page.width) : left + width];
  const y = [edges.top ? inside(top + down, page.height) : top, edges.bottom ? inside(top + height + down, page.height) : top + height];
  return { left: Math.min(...x), top: Math.min(...y), width: Math.abs(x[1] - x[0]), height: Math.abs(y[1] - y[0]) };
}
