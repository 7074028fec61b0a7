import { createRequire } from 'node:module';
import { join } from 'node:path';

/** What n8n does with a package's nodes when it starts: loads and makes each. In a fresh process, on n8n's Node. */
const [folder, workflowPackage] = process.argv.slice(2) as [string, string];
const load = createRequire(join(folder, 'package.json'));
load(workflowPackage);
const { n8n } = load('./package.json') as { n8n: { nodes: string[] } };
const started = performance.now();
for (const file of n8n.nodes)
	for (const Type of Object.values(load(`./${file}`) as Record<string, new () => object>))
		new Type();
process.stdout.write(String(performance.now() - started));
