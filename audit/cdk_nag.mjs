// Print what cdk-nag's packs say of templates: [[template, rule, resource, text], ...].
// node cdk_nag.mjs NODE_MODULES TEMPLATE...
import { createRequire } from 'node:module';
import { basename } from 'node:path';

const [modules, ...templates] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { App, Stack } = require('aws-cdk-lib');
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include');
const nag = require('cdk-nag');

const PACKS = ['AwsSolutionsChecks', 'HIPAASecurityChecks', 'NIST80053R4Checks', 'NIST80053R5Checks', 'PCIDSS321Checks', 'ServerlessChecks'];
const found = new Map();

for (const file of templates) {
  const name = basename(file, '.json');
  const stack = new Stack(new App({ analyticsReporting: false }), 'Stack');
  new CfnInclude(stack, 'Template', { templateFile: file });
  for (const pack of PACKS.map((kind) => new nag[kind]())) {
    // One rule has a number of its own in one pack and its name in the others.
    const apply = pack.applyRule.bind(pack);
    pack.applyRule = (given) => apply({ ...given, ruleSuffixOverride: undefined });
    for (const violation of pack.validateScope(stack).violations) {
      const rule = violation.ruleName.replace(`${pack.readPackName}-`, '');
      for (const { constructPath } of violation.violatingResources) {
        const resource = constructPath.split('/').slice(2).join('/');
        found.set([name, rule, resource].join(), [name, rule, resource, violation.description]);
      }
    }
  }
}
console.log(JSON.stringify([...found.values()]));
