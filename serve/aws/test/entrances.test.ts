import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultSettings, resources, synthesize, type Template } from "./synthesized";

const settings = defaultSettings();
const { templates } = synthesize(settings);

function routes(of: Record<string, Template>): string[] {
  return resources(of, "AWS::ApiGatewayV2::Route").map(
    ({ path, Properties }) => `${path.split("/")[0]} ${Properties.RouteKey}: ${Properties.AuthorizationType}`,
  );
}

test("who calls an API signs the request, unless the settings make it public", () => {
  const signed = routes(templates);
  assert.ok(signed.length >= 6);
  for (const route of signed) assert.match(route, /: AWS_IAM$/);
  const ec2 = { ...settings.ec2!, authorization: "none" as const };
  for (const route of routes(synthesize({ ...settings, ec2 }).templates)) {
    assert.match(route, route.startsWith("ec2 ") ? /: NONE$/ : /: AWS_IAM$/);
  }
});

interface Content {
  readonly parameters: Readonly<Record<string, { readonly allowedPattern: string }>>;
}

test("what is written into a document's commands is a digest or a name, and nothing that a shell reads otherwise", () => {
  const documents = resources(templates, "AWS::SSM::Document");
  assert.equal(documents.length, 3);
  const digest = "a".repeat(64);
  for (const { path, Properties } of documents) {
    for (const [name, { allowedPattern }] of Object.entries((Properties.Content as Content).parameters)) {
      const pattern = new RegExp(allowedPattern);
      const good = { image: "server", tools: "tools" }[name] ?? "v1.2";
      const taken = name === "model" ? good : `histo/${path.includes("mlflow") && name === "image" ? "mlflow" : good}`;
      const value = name === "model" ? taken : `${taken}@sha256:${digest}`;
      assert.match(value, pattern, path);
      for (const odd of ['"; reboot #', "$(reboot)", "`reboot`", "\nreboot", " ", "/../x", "'", "&", "|"]) {
        for (const text of [`${value}${odd}`, `${odd}${value}`, odd]) assert.doesNotMatch(text, pattern, path);
      }
    }
  }
});

test("a workflow may run the deployment's document only, on the machines of the servers only", () => {
  const statements = resources(templates, "AWS::IAM::Policy")
    .filter(({ path }) => path.startsWith("github/"))
    .flatMap(({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
    .filter(({ Action }) => [Action].flat().includes("ssm:SendCommand"));
  const [document, machines] = statements.map((statement) => JSON.stringify(statement));
  assert.equal(statements.length, 2);
  assert.match(document as string, /:document\/histo-deploy"/);
  assert.match(machines as string, /"ssm:resourceTag\/role":"histo-server"/);
});

interface Statement {
  readonly Action: string | readonly string[];
}
