import { basename } from 'node:path';
import { NodeHelpers, type INode } from 'n8n-workflow';

import { example, fileNames, typeOf, type ExamplesTestbed } from './testbed';

export function filesTests(testbed: ExamplesTestbed): void {
	describe('the files', () => {
		test('the files hold nothing of the n8n they were made in, and n8n’s command line imports them as they are', async () => {
			for (const name of await fileNames()) {
				const original = await example(name);
				expect(Object.keys(original)).toEqual(['name', 'nodes', 'connections', 'settings']);
				expect(original.settings).toEqual({ executionOrder: 'v1' });
				for (const each of original.nodes) {
					expect(each).not.toHaveProperty('credentials');
					expect(each).not.toHaveProperty('webhookId');
				}
				const { nodes, connections } = testbed.imported[name]!;
				expect(nodes).toEqual(original.nodes);
				expect(connections).toEqual(original.connections);
			}
		});

		test('every node is one that n8n has, every parameter one of its form, and all are filled in but those that the notes name', async () => {
			const types = await testbed.nodeTypes();
			const open: string[] = [];
			for (const name of await fileNames()) {
				const { nodes, connections } = await example(name);
				for (const each of nodes) {
					const type = typeOf(types, each);
					const form = type.properties.map((property) => property.name);
					expect({
						node: each.name,
						unknown: Object.keys(each.parameters).filter((key) => !form.includes(key)),
					}).toEqual({ node: each.name, unknown: [] });
					const asNode = {
						...each,
						parameters: NodeHelpers.getNodeParameters(
							type.properties,
							each.parameters as INode['parameters'],
							true,
							false,
							each as unknown as INode,
							type,
						)!,
					} as INode;
					const issues = NodeHelpers.getNodeParametersIssues(type.properties, asNode, type);
					open.push(
						...Object.keys(issues?.parameters ?? {}).map(
							(key) => `${basename(name, '.json')}: ${each.name}: ${key}`,
						),
					);
				}
				const names = nodes.map((each) => each.name);
				expect(names).toEqual([...new Set(names)]);
				const notes = nodes
					.filter(({ type }) => type.endsWith('.stickyNote'))
					.map(({ parameters }) => String(parameters.content))
					.join('\n');
				for (const each of nodes.filter((one) => testbed.credentialOf(types, one)))
					expect(notes).toContain(`**${each.name}**`);
				expect(Object.keys(connections).every((from) => names.includes(from))).toBe(true);
			}
			expect(open).toEqual(['send-pdf-to-many: Send PDF: phoneNumberId']);
		});
	});
}
