// node app.js TEMPLATES OUT: the same stacks and resources as an AWS CDK app in JavaScript.
// It is CDK's floor, and favours it: what to make is read from our templates instead of thought out, every resource is
// a bare CfnResource, every nested template a plain Stack, there are no assets and no CLI.
const fs = require("fs");
const { App, BootstraplessSynthesizer, CfnCondition, CfnOutput, CfnParameter, CfnResource, CfnRule, Fn, Stack, Token } =
  require("aws-cdk-lib");

function expression(node) {
  const [name, given] = Object.entries(node)[0];
  const nested = ["Fn::And", "Fn::Or", "Fn::Not"].includes(name);
  const token = name.startsWith("Fn::EachMember") ? Token.asList : Token.asString;
  const plain = (each) => (typeof each === "string" || Array.isArray(each) ? each : token(each));
  return Fn[name.replace("Fn::", "condition")](...given.map(nested ? expression : plain));
}

function fill(stack, body) {
  Object.assign(stack.templateOptions, {
    templateFormatVersion: body.AWSTemplateFormatVersion,
    metadata: body.Metadata,
    transforms: body.Transform && [body.Transform],
  });
  const lower = (key) => key[0].toLowerCase() + key.slice(1);
  const lowered = (row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [lower(key), value]));
  for (const [id, row] of Object.entries(body.Parameters ?? {})) new CfnParameter(stack, id, lowered(row));
  for (const [id, row] of Object.entries(body.Conditions ?? {}))
    new CfnCondition(stack, id, { expression: expression(row) });
  for (const [id, row] of Object.entries(body.Rules ?? {})) {
    const assertions = row.Assertions.map((a) => ({ ...lowered(a), assert: expression(a.Assert) }));
    new CfnRule(stack, id, { ruleCondition: row.RuleCondition && expression(row.RuleCondition), assertions });
  }
  for (const [id, { Type: type, Properties: properties, ...rest }] of Object.entries(body.Resources)) {
    const resource = new CfnResource(stack, id, { type, properties });
    for (const [key, value] of Object.entries(rest)) resource.addOverride(key, value);
  }
  for (const [id, row] of Object.entries(body.Outputs ?? {})) {
    const output = new CfnOutput(stack, `Output${id}`, { ...lowered(row), value: Token.asString(row.Value) });
    output.overrideLogicalId(id);
  }
}

const [templates, outdir] = process.argv.slice(2);
const app = new App({ outdir, analyticsReporting: false, treeMetadata: false });
for (const path of fs.readdirSync(templates, { recursive: true }).filter((path) => path.endsWith(".json"))) {
  const body = JSON.parse(fs.readFileSync(`${templates}/${path}`, "utf8"));
  const name = path.slice(0, -".json".length).replace(/[^A-Za-z0-9]/g, "-");
  fill(new Stack(app, name, { description: body.Description, synthesizer: new BootstraplessSynthesizer() }), body);
}
app.synth();
