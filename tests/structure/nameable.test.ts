import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { projectRoot } from "../../src/files/index";

const isExported = (node: ts.Statement) =>
  ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;

/** Functions, methods and fields of a module that give an interface which the module keeps to itself. */
function unnamed(path: string): string[] {
  const { statements } = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
  const kept = new Set(
    statements.flatMap((one) => (ts.isInterfaceDeclaration(one) && !isExported(one) ? [one.name.text] : [])),
  );
  const found: string[] = [];
  const check = (name: string, type: ts.TypeNode | undefined) => {
    const visit = (node: ts.Node): void => {
      if (ts.isTypeReferenceNode(node) && kept.has(node.typeName.getText())) {
        found.push(`${name} gives ${node.typeName.getText()}`);
      }
      ts.forEachChild(node, visit);
    };
    if (type) visit(type);
  };
  for (const one of statements) {
    if (!isExported(one)) continue;
    if (ts.isFunctionDeclaration(one)) check(one.name?.text ?? "default", one.type);
    if (!ts.isClassDeclaration(one) && !ts.isInterfaceDeclaration(one)) continue;
    for (const member of one.members) {
      const isHidden =
        ts.canHaveModifiers(member) &&
        ts.getModifiers(member)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) === true;
      const isGiving =
        ts.isMethodDeclaration(member) ||
        ts.isGetAccessor(member) ||
        ts.isPropertySignature(member) ||
        ts.isPropertyDeclaration(member);
      if (isGiving && !isHidden) check(`${one.name?.text}.${member.name.getText()}`, member.type);
    }
  }
  return found;
}

test("a notebook cell can name the type of what a module gives it: the kernel refuses a variable without a name for its type", () => {
  const root = join(projectRoot(), "src");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.startsWith("cli"))
    .map((file) => join(root, file));
  assert.deepEqual(
    files.flatMap((file) => unnamed(file).map((fault) => `${relative(root, file)}: ${fault}`)),
    [],
  );
});
