import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './paths';

/** What a builder reads first, and pastes. */

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

test('fits on a few screens, and has its two commands on the first', () => {
	const lines = readme.split('\n');
	expect(lines.length).toBeLessThan(150);
	const firstScreen = lines.slice(0, 30).join('\n');
	for (const command of ['npm install && npm run demo', 'npm test'])
		expect(firstScreen).toContain(command);
});

test('the bodies to paste are JSON once n8n has filled in the expressions', () => {
	const bodies = [...readme.matchAll(/```\n(\{.*?)\n```/gs)].map(([, body]) => filledIn(body!));
	expect(bodies).toEqual([
		{
			messaging_product: 'whatsapp',
			to: '1',
			type: 'text',
			text: { body: 'He said "hi"\nand left' },
		},
		{
			messaging_product: 'whatsapp',
			to: '1',
			type: 'document',
			document: { id: '1', filename: '1' },
		},
		{ messaging_product: 'whatsapp', to: '1', type: 'audio', audio: { id: '1', voice: true } },
	]);
});

/** A text may hold what JSON must escape; IDs, numbers and names that WhatsApp gave may not. */
function filledIn(body: string): unknown {
	const filled = body.replace(/\{\{ (.*?) \}\}/g, (_, expression: string) =>
		expression.startsWith('JSON.stringify(') ? JSON.stringify('He said "hi"\nand left') : '1',
	);
	return JSON.parse(filled);
}
