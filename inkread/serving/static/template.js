// What a template of a form may say: the keys that inkread/reading/documents knows, and what is wrong with one, in words.

export const KINDS = { number: "number", amount: "amount of money", postcode: "postal code" };
export const CHECKS = { luhn: "Luhn (cards)", mod97: "mod 97-10 (bank accounts)", "mod11-10": "mod 11,10", verhoeff: "Verhoeff", damm: "Damm", ean: "EAN (goods)" };
const words = (text) => text.split(" ");
export const LANGUAGES = words("bg cs da de de-at de-ch el en en-za es es-mx fi fr fr-ch he hr hu id it it-ch ja ko nb nl pl pt ro ru sk sl sv th tr uk zh");
export const COUNTRIES = words("at au br ch cn cz dk gb gr hk ie il jp kr li mx my no nz ph se sg si ua us za");
export const POSTCODES = words("AT AU BE BR CH CN CZ DE DK ES FI FR IN IT JP KR MX NO PL PT SE TR US");

const KEYS = words("format name width height corners mark upright fields sums");
const FIELD_KEYS = words("name kind box cells length check range required locale country");
const SUM_KEYS = words("total parts");
const SIDES = ["left", "top", "width", "height"];
const WHOLE = /^\d{1,4}$/;
const NUMBER = /^-?\d+([.,]\d+)?$/;
const ROUNDING = 1e-9; // of the page: sides are sums of decimal fractions

export class NoTemplate extends Error {}

// How a locale is written in the lists: "de_CH.UTF-8" is "de-ch".
export const localeOf = (text) => text.trim().toLowerCase().replaceAll("_", "-").split(".")[0];
export const isLocale = (text) => COUNTRIES.includes(localeOf(text)) || LANGUAGES.includes(localeOf(text).split("-")[0]);
export const isPostcode = (text) => POSTCODES.includes(text.toUpperCase());

export function newField(name, box) {
  return { name, kind: "number", box, cells: "", length: "", check: "", least: "", greatest: "", required: true, locale: "", country: "" };
}

// What is wrong with a field of a form, by its control; nothing when all is well.
export function faultsOf(field, form) {
  const faults = {};
  const name = field.name.trim();
  if (!name) faults.name = "Give the field a name.";
  else if (form.fields.some((other) => other !== field && other.name.trim() === name)) faults.name = "Another field has this name.";
  if (!(field.kind in KINDS)) faults.kind = "Choose what the field holds.";
  if (field.check && !(field.check in CHECKS)) faults.check = "Choose a rule of the list.";
  if (field.kind === "amount" && field.locale && !isLocale(field.locale)) faults.locale = "Choose one of the list.";
  if (field.kind === "postcode" && field.country && !isPostcode(field.country)) faults.country = "Choose a country of the list.";
  for (const key of ["cells", "length"]) {
    if (field[key] && !(WHOLE.test(field[key]) && field[key] >= 1 && field[key] <= 1000)) faults[key] = "A whole number from 1 to 1000, or nothing.";
  }
  if (field.length && field.cells && !faults.length && !faults.cells && Number(field.length) > Number(field.cells)) {
    faults.length = `There are boxes for ${field.cells} digits only.`;
  }
  if (field.kind !== "postcode") {
    for (const key of ["least", "greatest"]) if (field[key] && !NUMBER.test(field[key])) faults[key] = "A number such as 0 or 12.50, or nothing.";
    if (field.least && field.greatest && !faults.least && !faults.greatest && decimal(field.least) > decimal(field.greatest)) {
      faults.greatest = "This is less than the least value.";
    }
  }
  return { ...faults, ...faultsOfBox(field.box, form) };
}

function faultsOfBox(box, form) {
  const faults = {};
  for (const [side, start, length] of [["width", "left", form.width], ["height", "top", form.height]]) {
    if (!(box[start] >= 0)) faults[start] = "A number from 0.";
    if (!(box[side] > 0)) faults[side] = "A number above 0.";
    else if (box[start] + box[side] > length * (1 + ROUNDING)) faults[side] = `It ends outside the page, which is ${length} ${side === "width" ? "wide" : "high"}.`;
  }
  return faults;
}

// What is wrong with a sum, by its control.
export function faultsOfSum(sum) {
  const faults = {};
  const codes = [sum.total, ...sum.parts].filter((field) => field?.kind === "postcode");
  if (codes.length) faults.parts = `There is no sum of postal codes, as “${codes[0].name}” is.`;
  else if (sum.parts.length === 0) faults.parts = "Tick the fields that it is the sum of.";
  else if (sum.parts.includes(sum.total)) faults.parts = "It cannot be a part of itself.";
  if (!sum.total) faults.total = "Choose the field that is the sum.";
  return faults;
}

export function faultyIn(form) {
  const count = (faults) => Object.keys(faults).length > 0;
  return [...form.fields.filter((field) => count(faultsOf(field, form))), ...form.sums.filter((sum) => count(faultsOfSum(sum)))];
}

// A field in a few words.
export function inWords(field) {
  const ends = [field.least && `from ${field.least}`, field.greatest && `to ${field.greatest}`].filter(Boolean).join(" ");
  const parts = [
    KINDS[field.kind] ?? field.kind,
    field.length && `${field.length} digits`,
    field.cells && `${field.cells} boxes`,
    CHECKS[field.check]?.split(" (")[0],
    field.kind === "postcode" ? field.country : ends,
    field.kind === "amount" && field.locale,
    !field.required && "may be empty",
  ];
  return parts.filter(Boolean).join(", ");
}

// The JSON that `inkread form` and `inkread read --document` take.
export function toTemplate(form) {
  const { width, height, marks, marked, fields, sums } = form;
  const added = sums.map(({ total, parts }) => ({ total: total.name.trim(), parts: parts.map((part) => part.name.trim()) }));
  return { format: 1, name: form.name.trim() || "form", width, height, ...(marked ? marks : null), fields: fields.map(toField), ...(added.length ? { sums: added } : null) };
}

function toField(field) {
  const made = { name: field.name.trim(), kind: field.kind, box: SIDES.map((side) => field.box[side]) };
  for (const key of ["cells", "length"]) if (field[key]) made[key] = Number(field[key]);
  if (field.check) made.check = field.check;
  if (field.kind !== "postcode" && (field.least || field.greatest)) made.range = [field.least, field.greatest].map((end) => (end ? exact(end) : null));
  if (!field.required) made.required = false;
  if (field.kind === "amount" && field.locale) made.locale = field.locale;
  if (field.kind === "postcode" && field.country) made.country = field.country;
  return made;
}

const decimal = (text) => Number(text.replace(",", "."));

// A number as JSON has it, or its text where that would lose digits.
function exact(text) {
  const point = text.replace(",", ".");
  return String(Number(point)) === point.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "") ? Number(point) : point;
}

// The form that a template describes, and what of it had to be left out, in words.
export function fromTemplate(data) {
  const sizes = [data?.width, data?.height];
  if (data?.format !== 1 || !Array.isArray(data.fields)) throw new NoTemplate("This file is no template of a form.");
  if (!sizes.every((side) => typeof side === "number" && side >= 1)) throw new NoTemplate("This template does not say how wide and high its page is.");
  const told = [];
  unknown(data, KEYS, told);
  const fields = data.fields.filter((one) => one && typeof one === "object").map((one) => fromField(one, told));
  if (fields.length < data.fields.length) told.push("Something in its list is no field.");
  const marks = marksOf(data);
  if (!marks && (data.corners ?? data.mark ?? data.upright)) told.push("Its corner marks are not whole.");
  const sums = (Array.isArray(data.sums) ? data.sums : []).map((one) => fromSum(one ?? {}, fields, told));
  const name = typeof data.name === "string" ? data.name : "form";
  return { form: { name, width: sizes[0], height: sizes[1], marks, marked: Boolean(marks), fields, sums }, told };
}

function unknown(data, known, told) {
  for (const key of Object.keys(data)) if (!known.includes(key)) told.push(`No template has a key “${key}”.`);
}

const asText = (value) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));

function fromField(data, told) {
  unknown(data, FIELD_KEYS, told);
  const sides = Array.isArray(data.box) ? data.box : [];
  const box = Object.fromEntries(SIDES.map((side, i) => [side, typeof sides[i] === "number" ? sides[i] : NaN]));
  const [least, greatest] = Array.isArray(data.range) ? data.range : [data.range];
  const texts = { cells: data.cells, length: data.length, check: data.check, least, greatest, locale: data.locale, country: data.country };
  const read = Object.fromEntries(Object.entries(texts).map(([key, value]) => [key, asText(value)]));
  return { ...newField(asText(data.name), box), ...read, kind: asText(data.kind ?? "number"), required: data.required !== false };
}

function fromSum(data, fields, told) {
  unknown(data, SUM_KEYS, told);
  const named = (name) => fields.find((field) => field.name === name);
  const parts = Array.isArray(data.parts) ? data.parts : [];
  for (const name of [data.total, ...parts]) if (!named(name)) told.push(`Its sums name a field “${asText(name)}” that it has not.`);
  return { total: named(data.total) ?? null, parts: parts.map(named).filter(Boolean) };
}

function marksOf({ corners, mark, upright }) {
  const isPoint = (point) => Array.isArray(point) && point.length === 2 && point.every(Number.isFinite);
  return Array.isArray(corners) && corners.length === 4 && [...corners, upright].every(isPoint) && mark > 0 ? { corners, mark, upright } : null;
}
