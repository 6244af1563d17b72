import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../src/files/index";
import { sharedDirectory } from "../support/temporary-directory";

const has = (program: string) => spawnSync(program, ["--version"]).status === 0;

/** Compiles a program, statically for an emulated processor. @returns its path */
function compile(compiler: string, emulator: string[], files: string[], ...flags: string[]): string {
  const program = join(sharedDirectory(), "check");
  const sources = files.map((file) => join(projectRoot(), file));
  const link = emulator.length > 0 ? ["-static"] : [];
  const compiled = spawnSync(compiler, ["-std=c++17", "-O3", "-w", ...flags, ...link, "-o", program, ...sources], {
    encoding: "utf8",
  });
  assert.equal(compiled.status, 0, compiled.stderr);
  return program;
}

/** Compiles the check of a layer's products and runs it, on an emulated processor where one is named. */
function check(compiler: string, emulator: string[], limit?: string, ...more: string[]): void {
  const parts = ["product", "batch", "bfloat16", "strip"].map((name) => `native/${name}.cc`);
  const program = compile(compiler, emulator, ["tests/native/product-check.cc", ...parts]);
  const [command = program, ...args] = [...emulator, program, ...more];
  const env = limit ? { ...process.env, HISTO_MAX_CPU_ISA: limit } : process.env;
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8", env });
  assert.equal(status, 0, stdout);
}

for (const limit of ["avx2", "avx512", "amx"]) {
  test(`products equal a plain loop's (${limit})`, { skip: !has("g++") }, () => {
    check("g++", [], limit);
    check("g++", [], limit, "bf16");
  });
}

for (const compiler of ["g++-11", "clang++"]) {
  test(`products equal a plain loop's, compiled by ${compiler}`, { skip: !has(compiler) }, () => {
    check(compiler, []);
    check(compiler, [], undefined, "bf16");
  });
}

const [armCompiler, arm] = ["aarch64-linux-gnu-g++", "qemu-aarch64-static"];
test("products equal a plain loop's on Arm", { skip: !has(armCompiler) || !has(arm) }, () => check(armCompiler, [arm]));

for (const lanes of [4, 8, 16]) {
  test(`products of rows equal a plain loop's with ${lanes} floats a register`, { skip: !has("g++") }, () => {
    const program = compile("g++", [], ["tests/native/rows-check.cc"], `-DLANES=${lanes}`);
    const { status, stdout } = spawnSync(program, { encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });
}

test("products of rows equal a plain loop's on Arm", { skip: !has(armCompiler) || !has(arm) }, () => {
  const program = compile(armCompiler, [arm], ["tests/native/rows-check.cc"], "-DLANES=4");
  const { status, stdout } = spawnSync(arm, [program], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
});

test("all operations compile for Arm against TensorFlow's headers", { skip: !has(armCompiler) }, async () => {
  const { nativeSources } = (await import(join(projectRoot(), "scripts", "setup", "tensorflow-addon.mjs"))) as {
    nativeSources: string[];
  };
  const headers = [
    join(projectRoot(), ".setup", "tensorflow", "tensorflow", "include"),
    join(projectRoot(), "node_modules", "node-api-headers", "include"),
  ];
  for (const source of nativeSources.filter((file) => file.endsWith(".cc"))) {
    const { status, stderr } = spawnSync(
      armCompiler as string,
      [
        ...["-std=c++17", "-O1", "-fPIC", "-w", "-DNAPI_VERSION=8", "-c", "-o", "/dev/null"],
        ...headers.map((folder) => `-I${folder}`),
        join(projectRoot(), source),
      ],
      { encoding: "utf8" },
    );
    assert.equal(status, 0, `${source}: ${stderr}`);
  }
});
