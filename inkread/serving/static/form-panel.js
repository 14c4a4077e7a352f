// The controls of a form's template: its page, its fields, its sums.

import { make } from "./show.js";
import { CHECKS, COUNTRIES, KINDS, LANGUAGES, POSTCODES, faultsOf, faultsOfSum, inWords, isLocale, isPostcode, localeOf } from "./template.js";

const SIDES = ["left", "top", "width", "height"];

function named(kind, codes) {
  const names = new Intl.DisplayNames(["en"], { type: kind, languageDisplay: "standard" });
  const rows = codes.map((code) => [code, names.of(kind === "region" ? code.toUpperCase() : code)]);
  return rows.sort((a, b) => a[1].localeCompare(b[1]));
}

// What may be chosen; a value that is none of it stays to be seen.
function select(chosen, groups, attributes) {
  const known = groups.flatMap(([, rows]) => rows.map(([value]) => value));
  const option = ([value, text]) => make("option", { value, selected: value === chosen }, text);
  const rows = known.includes(chosen) ? [] : [option([chosen, chosen])];
  return make("select", attributes, ...rows, ...groups.flatMap(([label, all]) => (label ? make("optgroup", { label }, ...all.map(option)) : all.map(option))));
}

export class FormPanel {
  // `act` is what the controls do: see Form.
  constructor(holder, act) {
    Object.assign(this, { holder, act, checks: [], count: 0 });
  }

  show({ form, chosen, told, canUndo }, focus) {
    this.checks = [];
    const { act } = this;
    const status = make("p", { role: "status", class: "told" }, told);
    const undo = canUndo ? [make("button", { class: "undo", onclick: act.undo }, "Undo")] : [];
    const file = make("input", { type: "file", class: "hidden", accept: ".json,application/json", "aria-label": "Open a template", onchange: (event) => act.load(event.target.files[0]) });
    const open = make("label", { class: "button" }, file, "Open a template");
    if (!form) {
      const help = "Open a picture of the empty form. Then draw a box around each place that numbers are written in, and save the template. Or open a template to change it.";
      return this.holder.replaceChildren(make("p", {}, help), status, make("div", { class: "actions" }, open), ...undo);
    }
    const help = make("p", {}, "Draw a box around each field, or add one and set its place. Drag a box to move it, its edges to resize it.");
    const add = make("button", { onclick: act.add }, "Add a box");
    const fields = make("ol", { class: "fields" }, ...form.fields.map((field) => make("li", {}, this.#row(field, field === chosen), ...(field === chosen ? [this.#editor(field, form)] : []))));
    const save = make("button", { class: "primary", onclick: act.save, disabled: form.fields.length === 0 }, "Save template");
    const again = make("button", { onclick: act.startOver, disabled: form.fields.length === 0 }, "Start over");
    this.holder.replaceChildren(
      help, status, ...undo, make("div", { class: "actions" }, open, add), this.#page(form), fields, ...this.#sums(form), make("div", { class: "actions" }, save, again),
    );
    this.refresh();
    if (focus) this.holder.querySelector(focus)?.focus();
  }

  // Says anew what is wrong, and what rows and boxes tell of their fields.
  refresh() {
    for (const check of this.checks) check();
  }

  #page(form) {
    const { act } = this;
    const name = make("input", { type: "text", value: form.name, oninput: (event) => act.set(form, "name", event.target.value) });
    const width = make("input", { type: "number", min: 1, step: "any", value: form.width, onchange: (event) => act.resize(Number(event.target.value)) });
    const size = `page width, in your units; it is ${form.height} high`;
    const marks = make("input", { type: "checkbox", checked: form.marked, disabled: !form.marks, onchange: (event) => act.mark(event.target.checked) });
    return make("fieldset", { class: "page" }, make("legend", {}, "Form"), this.#control("name of the form", name), this.#control(size, width), make("label", { class: "tick" }, marks, "scans are placed by corner marks"));
  }

  #row(field, chosen) {
    const [name, words] = [make("b"), make("small")];
    const row = make("button", { class: "row-of-field", "aria-expanded": String(chosen), onclick: () => this.act.choose(chosen ? null : field, true) }, name, words);
    this.checks.push(() => {
      const wrong = Object.keys(faultsOf(field, this.act.form())).length;
      name.textContent = field.name || "no name";
      words.textContent = wrong ? "has to be mended" : inWords(field);
      row.classList.toggle("doubtful", wrong > 0);
    });
    return row;
  }

  // A labelled control, with what is wrong with it below; `fault` gives that in words.
  #control(label, input, fault = () => "") {
    const message = make("small", { class: "fault", id: `fault-${(this.count += 1)}` });
    input.setAttribute("aria-describedby", message.id);
    this.checks.push(() => {
      const told = fault() ?? "";
      message.textContent = told;
      if (told) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    });
    return make("div", { class: "control" }, make("label", {}, label, input), message);
  }

  #editor(field, form) {
    const { act } = this;
    const fault = (key) => () => faultsOf(field, form)[key];
    const text = (label, key, placeholder, inputmode) => this.#control(label, make("input", { type: "text", inputmode, placeholder, autocomplete: "off", "data-key": key, value: field[key], oninput: (event) => act.set(field, key, key === "name" ? event.target.value : event.target.value.trim()) }), fault(key));
    const choice = (label, key, chosen, groups) => this.#control(label, select(chosen, groups, { "data-key": key, onchange: (event) => act.set(field, key, event.target.value) }), fault(key));
    const side = (key) => {
      const input = make("input", { type: "number", min: 0, step: "any", "data-key": key, value: Number.isNaN(field.box[key]) ? "" : field.box[key], oninput: (event) => act.set(field.box, key, event.target.valueAsNumber) });
      this.checks.push(() => {
        // A box that is dragged; what is being typed stays.
        if (input !== document.activeElement && !Number.isNaN(field.box[key])) input.value = field.box[key];
      });
      return this.#control(key, input, fault(key));
    };
    const rows = [
      text("name", "name", "", null),
      choice("holds", "kind", field.kind, [["", Object.entries(KINDS)]]),
      text("how many digits", "length", "any number", "numeric"),
      text("boxes, one a digit", "cells", "none: one box", "numeric"),
    ];
    if (field.kind !== "postcode") rows.push(text("least value", "least", "none", "decimal"), text("greatest value", "greatest", "none", "decimal"));
    if (field.kind === "amount") rows.push(choice("marks as written in", "locale", isLocale(field.locale) ? localeOf(field.locale) : field.locale, locales()));
    if (field.kind === "postcode") rows.push(choice("country", "country", isPostcode(field.country) ? field.country.toUpperCase() : field.country, [["", [["", "any country"]]], ["Countries", named("region", POSTCODES)]]));
    rows.push(choice("check digits", "check", field.check, [["", [["", "no rule"], ...Object.entries(CHECKS)]]]));
    const empty = make("input", { type: "checkbox", checked: !field.required, onchange: (event) => act.set(field, "required", !event.target.checked) });
    const remove = make("button", { onclick: () => act.remove(field) }, "Remove");
    return make("fieldset", { class: `of-${field.kind}` }, make("legend", {}, `Field ${form.fields.indexOf(field) + 1}`), ...rows, make("label", { class: "tick" }, empty, "may be empty"), ...SIDES.map(side), remove);
  }

  #sums(form) {
    const { act } = this;
    const able = form.fields.filter((field) => field.kind !== "postcode");
    const all = form.sums.map((sum, i) => {
      const fault = (key) => () => faultsOfSum(sum)[key];
      const rows = form.fields.map((field, at) => [String(at), field]).filter(([, field]) => able.includes(field) || field === sum.total);
      const total = select(sum.total ? String(form.fields.indexOf(sum.total)) : "", [["", [["", "choose a field"], ...rows.map(([at, field]) => [at, field.name])]]], { "data-sum": i, onchange: (event) => act.total(sum, form.fields[event.target.value] ?? null) });
      const ticks = form.fields.filter((field) => (able.includes(field) && field !== sum.total) || sum.parts.includes(field)).map((field) => {
        const input = make("input", { type: "checkbox", checked: sum.parts.includes(field), onchange: (event) => act.part(sum, field, event.target.checked) });
        const name = make("span");
        this.checks.push(() => (name.textContent = field.name || "no name"));
        return make("label", { class: "tick" }, input, name);
      });
      for (const [at, field] of rows) this.checks.push(() => (total.querySelector(`option[value="${at}"]`).textContent = field.name || "no name"));
      const message = make("small", { class: "fault" });
      this.checks.push(() => (message.textContent = faultsOfSum(sum).parts ?? ""));
      const parts = make("div", { class: "parts", role: "group", "aria-label": "is the sum of" }, make("span", { "aria-hidden": "true" }, "is the sum of"), ...ticks, message);
      return make("fieldset", {}, make("legend", {}, `Sum ${i + 1}`), this.#control("total", total, fault("total")), parts, make("button", { onclick: () => act.removeSum(sum) }, "Remove sum"));
    });
    return able.length < 2 && !all.length ? [] : [...all, make("div", { class: "actions" }, make("button", { class: "add-sum", onclick: act.addSum }, "Add a sum"))];
  }
}

function locales() {
  return [["", [["", "any of them"]]], ["Languages", named("language", LANGUAGES)], ["Countries", named("region", COUNTRIES)]];
}
