// Draws docs/architecture.svg from the description below: `node scripts/draw-architecture.mjs`; `--check` fails if it is old.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./setup/paths.mjs";

const BOX = { width: 168, height: 54 };
const COLUMN = 196;
const ROW = 84;
const MARGIN = 24;

/** Groups of boxes, in columns and rows of the grid. */
const areas = [
  { title: "your machine", column: 0, row: 0, columns: 1, rows: 5 },
  { title: "callers", column: 0, row: 5, columns: 1, rows: 1 },
  { title: "GitHub", column: 1, row: 0, columns: 2, rows: 1 },
  { title: "AWS", column: 1, row: 1, columns: 4, rows: 5 },
  { title: "private network: no internet, no open port", column: 3, row: 2, columns: 2, rows: 4 },
];

const boxes = {
  data: { at: [0, 0], lines: ["images + labels", "packed once"] },
  train: { at: [0, 1], lines: ["train, search", "notebooks, CLI"] },
  run: { at: [0, 2], lines: ["run directory", "history, weights, report"] },
  model: { at: [0, 3], lines: ["exported model", "ONNX + model.json"], strong: true },
  local: { at: [0, 4], lines: ["histo serve", "the web page"] },
  ci: { at: [1, 0], lines: ["ci", "lint, types, tests"] },
  deploy: { at: [2, 0], lines: ["deploy workflows", "OpenID Connect, no keys"] },
  registry: { at: [2, 1], lines: ["ECR", "images by digest, scanned"] },
  alarms: { at: [4, 1], lines: ["alarms, dashboards", "SNS, budget"] },
  session: { at: [3, 2], lines: ["SSM", "sessions, three documents"] },
  lambdaApi: { at: [1, 2], lines: ["HTTP API", "throttled, IAM, logged"] },
  lambda: { at: [2, 2], lines: ["Lambda", "model in the image"], strong: true },
  ec2Api: { at: [1, 3], lines: ["HTTP API", "throttled, IAM, logged"] },
  link: { at: [2, 3], lines: ["VPC link", "Cloud Map"] },
  servers: { at: [3, 3], lines: ["EC2: Express", "compose, read-only"], strong: true },
  efs: { at: [4, 3], lines: ["EFS", "released models"] },
  mlflow: { at: [3, 4], lines: ["EC2: MLflow", "SSM port forwarding"] },
  rds: { at: [4, 4], lines: ["RDS PostgreSQL", "runs"] },
  endpoints: { at: [4, 2], lines: ["endpoints", "S3 gateway + interfaces"] },
  tiles: { at: [1, 4], lines: ["S3: tiles, releases", "artifacts, access logs"] },
  callers: { at: [0, 5], lines: ["your programs", "signed HTTPS to the APIs"] },
  batch: { at: [3, 5], lines: ["Fargate task", "batch prediction"] },
};

const arrows = [
  ["data", "train"],
  ["train", "run"],
  ["run", "model"],
  ["model", "local"],
  ["ci", "deploy"],
  ["deploy", "registry"],
  ["registry", "lambda"],
  ["lambdaApi", "lambda"],
  ["ec2Api", "link"],
  ["link", "servers"],
  ["servers", "efs"],
  ["mlflow", "rds"],
  ["session", "servers"],
];

const xml = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const x = (column) => MARGIN + column * COLUMN + (COLUMN - BOX.width) / 2;
const y = (row) => MARGIN + row * ROW + 26;

function areaSvg({ title, column, row, columns, rows }, index) {
  const inset = index === areas.length - 1 ? 4 : 0;
  const left = MARGIN + column * COLUMN + inset;
  const top = MARGIN + row * ROW + inset;
  const size = `width="${columns * COLUMN - 8 - inset * 2}" height="${rows * ROW - 6 - inset * 2}"`;
  return `<rect class="area" x="${left}" y="${top}" ${size} rx="8"/><text class="title" x="${left + 10}" y="${top + 16}">${xml(title)}</text>`;
}

function boxSvg({ at: [column, row], lines: [name, note], strong }) {
  const [left, top] = [x(column), y(row)];
  const middle = left + BOX.width / 2;
  return [
    `<rect class="box${strong ? " strong" : ""}" x="${left}" y="${top}" width="${BOX.width}" height="${BOX.height - 6}" rx="5"/>`,
    `<text class="name" x="${middle}" y="${top + 20}">${xml(name)}</text>`,
    `<text class="note" x="${middle}" y="${top + 37}">${xml(note)}</text>`,
  ].join("");
}

function arrowSvg([from, to]) {
  const [[fromColumn, fromRow], [toColumn, toRow]] = [boxes[from].at, boxes[to].at];
  const height = BOX.height - 6;
  if (fromRow === toRow) {
    const middle = y(fromRow) + height / 2;
    return `<path d="M${x(fromColumn) + BOX.width} ${middle}H${x(toColumn) - 3}"/>`;
  }
  const center = x(fromColumn) + BOX.width / 2;
  return `<path d="M${center} ${y(fromRow) + height}V${y(toRow) - 3}"/>`;
}

const width = 2 * MARGIN + 5 * COLUMN;
const height = 2 * MARGIN + 6 * ROW;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="t">
<title id="t">From images on your machine to a model on AWS Lambda and on EC2</title>
<style>
svg { background: #fff; font-family: system-ui, "DejaVu Sans", sans-serif; }
.area { fill: #f4f6f8; stroke: #c3cad2; }
.box { fill: #fff; stroke: #4477aa; stroke-width: 1.5; }
.strong { fill: #e3edf6; stroke-width: 2.5; }
.title { font-size: 11px; fill: #5b6470; }
.name { font-size: 13px; font-weight: 600; fill: #1d2733; text-anchor: middle; }
.note { font-size: 11px; fill: #46505c; text-anchor: middle; }
path { fill: none; stroke: #1d2733; stroke-width: 1.4; marker-end: url(#a); }
</style>
<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" style="fill:#1d2733;stroke:none;marker-end:none"/></marker></defs>
${areas.map(areaSvg).join("\n")}
${Object.values(boxes).map(boxSvg).join("\n")}
${arrows.map(arrowSvg).join("\n")}
</svg>
`;

const path = join(root, "docs", "architecture.svg");
if (process.argv.includes("--check")) {
  if (readFileSync(path, "utf8") !== svg) {
    console.error("docs/architecture.svg is out of date; run node scripts/draw-architecture.mjs.");
    process.exit(1);
  }
} else writeFileSync(path, svg);
