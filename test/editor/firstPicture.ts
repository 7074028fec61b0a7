import type { Step } from './editor';
import type { Walk } from './walks';

/** docs/first-picture.md, from the walks that were just done. */
export function firstPicture({
	one,
	two,
	builtIn,
}: Record<'one' | 'two' | 'builtIn', Walk>): string {
	const row = (name: string, walk: Walk) => {
		const count = (kind: Step['kind']) => walk.steps.filter((step) => step.kind === kind).length;
		const share =
			walk === builtIn ? '' : `${Math.round((100 * walk.steps.length) / builtIn.steps.length)} %`;
		return `| ${name} | ${count('click')} | ${count('type')} | ${walk.steps.length} | ${share} | ${walk.seconds} s |`;
	};
	const list = ({ steps }: Walk) =>
		steps.map(({ kind, what }, index) => `${index + 1}. ${kind}: \`${what}\``).join('\n');
	return `# From an empty n8n to the first picture

A robot walks each way in n8n's own editor and counts what it clicks and types; what it looks at costs nothing.
\`npm run test:editor\` does it again and fails when this page is not what it counts. It assumes you have your credentials,
the Meta app is subscribed to the account, and a customer sends a photo as soon as the trigger listens. The walk ends when the
photo is to be seen in the output panel.

| | clicks | typed fields | together | of n8n's own | robot's time |
|---|---|---|---|---|---|
${row('WhatsApp Media Trigger alone, with *Download Files*', one)}
${row('WhatsApp Media Trigger, WhatsApp Download Media', two)}
${row("n8n's own: WhatsApp Trigger, WhatsApp Business Cloud, HTTP Request", builtIn)}

In favour of n8n's own nodes: expressions are typed at once and from memory, no Response Format is chosen (photos come as files
without it), and the subscription of the app to the account is given to them; they cannot do it, WhatsApp Media Trigger does.
*Add to workflow* is a page that n8n shows before every community node, and costs this package a click a node. Each node is
executed as it is added, to see what it gives; who leaves that out takes ${builtIn.steps.length - 2} steps with n8n's own nodes and ${two.steps.length - 1} with Trigger and Download Media.
The trigger alone is for small files in a single n8n process; the option says so. For everything else, add Download Media.

## WhatsApp Media Trigger alone

${list(one)}

## WhatsApp Media Trigger, WhatsApp Download Media

${list(two)}

![The trigger, with its credential](img/trigger.png)
![The trigger's output: one item for the photo](img/trigger-output.png)
![Download Media, as it is dropped](img/download.png)
![The photo in the output panel](img/first-picture.png)

## WhatsApp Trigger, WhatsApp Business Cloud, HTTP Request

${list(builtIn)}
`;
}
