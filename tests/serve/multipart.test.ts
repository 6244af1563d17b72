import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem, readMultipart } from "../../serve/core/http/index";

const LIMITS = { files: 1, fileBytes: 40 };
const file = (field: string, bytes = "0123456789") =>
  `--b\r\ncontent-disposition: form-data; name="${field}"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n${bytes}\r\n`;
const text = '--b\r\ncontent-disposition: form-data; name="note"\r\n\r\nsome words\r\n';

const read = (form: string) =>
  readMultipart(Buffer.from(form, "latin1"), "multipart/form-data; boundary=b", "image", LIMITS);

/** What the form comes to: its files' sizes, or the code of its refusal. */
const outcome = (form: string) =>
  read(form).then(
    (files) => files.map(({ bytes }) => bytes.length).join(),
    (error: unknown) => {
      assert.ok(error instanceof Problem, String(error));
      return error.code;
    },
  );

test("a whole form gives the files of its field", async () => {
  assert.equal(await outcome(`${text}${file("other")}${file("image")}--b--\r\n`), "10");
  assert.equal(await outcome(`${file("image")}${file("image")}--b--\r\n`), "TOO_MANY_ITEMS");
  assert.equal(await outcome(`${file("image", "x".repeat(40))}--b--\r\n`), "40");
  assert.equal(await outcome(`${file("image", "x".repeat(41))}--b--\r\n`), "IMAGE_TOO_LARGE");
});

test("a form of which the parser would leave a part out is refused, wherever the image stands in it", async () => {
  assert.equal(await outcome(`${text.repeat(16)}${file("image")}--b--\r\n`), "10");
  assert.equal(await outcome(`${text.repeat(17)}${file("image")}--b--\r\n`), "TOO_MANY_ITEMS");
  assert.equal(await outcome(`${file("image")}${text.repeat(40)}--b--\r\n`), "TOO_MANY_ITEMS");
  assert.equal(await outcome(`${file("other").repeat(2)}${file("image")}--b--\r\n`), "TOO_MANY_ITEMS");
});

// A part that nobody reads fails too, and what nobody listens to ends the process.
for (const [what, form] of Object.entries({
  "a file of the field": file("image"),
  "a file of another field": file("other"),
  "a file too many": file("image") + file("image"),
  "many files too many": file("image").repeat(30),
  "a file that is too large": file("image", "x".repeat(60)),
  "a text": text,
  "one text too many": text.repeat(20),
})) {
  test(`${what}, cut off anywhere, is refused, and the process goes on`, async () => {
    const outcomes = new Set<string>();
    for (let length = 0; length < form.length; length++) outcomes.add(await outcome(form.slice(0, length)));
    assert.ok(outcomes.has("REQUEST_MALFORMED"), [...outcomes].join());
    // Errors of streams come a little later than the refusal.
    await new Promise((resolve) => setTimeout(resolve, 50));
  });
}

test("a file is whole wherever the pieces in which a form is parsed end", async () => {
  const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 31) % 256));
  const head = '--b\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\n';
  const limits = { files: 3, fileBytes: 300_000 };
  for (let shift = 0; shift < 200; shift++) {
    const first = content.subarray(0, 65_536 - head.length - 100 + shift);
    const form = [head, first, `\r\n${head}`, content, "\r\n--b--\r\n", "x".repeat(shift * 400)];
    const body = Buffer.concat(form.map((part) => Buffer.from(part as string)));
    const files = await readMultipart(body, "multipart/form-data; boundary=b", "image", limits);
    assert.deepEqual(
      files.map(({ bytes }) => Buffer.compare(bytes, bytes.length === content.length ? content : first)),
      [0, 0],
      `shift ${shift}`,
    );
  }
});

test("of a form of millions of parts no more is parsed than it takes to refuse it", async () => {
  const before = process.cpuUsage();
  assert.equal(await outcome("\r\n--b\r\n".repeat(2_000_000)), "TOO_MANY_ITEMS");
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 1e6, `${(user + system) / 1e6} s of processor time`);
});
