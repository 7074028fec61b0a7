import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export const ENCODERS = ['baileys', 'zapo'] as const;
export type Encoder = (typeof ENCODERS)[number];

/** As WhatsApp's clients call them; voice notes and video notes are types of their own there. */
export type SentAs = 'image' | 'video' | 'audio' | 'ptt' | 'document' | 'sticker';

export interface Encrypted {
	/** As the file host serves it. */
	file: Buffer;
	plaintext: Buffer;
	/** As a message has them: base64. */
	mediaKey: string;
	fileSha256: string;
	fileEncSha256: string;
	/** As the answer to a form has them: base64. */
	keys: { iv: string; cipherKey: string; macKey: string };
}

/** Files encrypted by other people's code. `mediaKey` for zapo only; Baileys makes one itself. */
export async function encryptWith(
	encoder: Encoder,
	files: Array<{ type: SentAs; plaintext: Buffer; mediaKey?: Buffer }>,
): Promise<Encrypted[]> {
	const folder = await mkdtemp(join(tmpdir(), 'encoders-'));
	try {
		const jobs = files.map(({ type, mediaKey }, index) => ({
			type,
			path: join(folder, String(index)),
			mediaKey: mediaKey?.toString('base64'),
		}));
		await Promise.all(
			jobs.map(async ({ path }, index) => await writeFile(path, files[index]!.plaintext)),
		);
		const messages = JSON.parse(await program(JSON.stringify({ encoder, files: jobs }))) as Array<
			Omit<Encrypted, 'file' | 'plaintext'>
		>;
		return await Promise.all(
			messages.map(async (message, index) => ({
				...message,
				plaintext: files[index]!.plaintext,
				file: await readFile(`${jobs[index]!.path}.enc`),
			})),
		);
	} finally {
		await rm(folder, { recursive: true });
	}
}

async function program(input: string): Promise<string> {
	const child = spawn(process.execPath, [join(__dirname, 'encode.mjs')], {
		stdio: ['pipe', 'pipe', 'inherit'],
	});
	child.stdin.end(input);
	return await text(child.stdout);
}
