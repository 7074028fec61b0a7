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

/** What a message says of an encrypted file. */
export type Announced = Omit<Encrypted, 'file' | 'plaintext'>;

interface Job {
	type: SentAs;
	/** The encrypted file is put beside it, as `.enc`. */
	path: string;
	/** For zapo only; Baileys makes one itself. */
	mediaKey?: Buffer;
}

/** Has other people's code encrypt files. */
export async function encryptFiles(encoder: Encoder, jobs: Job[]): Promise<Announced[]> {
	const files = jobs.map((job) => ({ ...job, mediaKey: job.mediaKey?.toString('base64') }));
	const script = join(__dirname, 'encode.mjs');
	const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
	child.stdin.end(JSON.stringify({ encoder, files }));
	return JSON.parse(await text(child.stdout)) as Announced[];
}

/** The same for bytes in memory. */
export async function encryptWith(
	encoder: Encoder,
	files: Array<Omit<Job, 'path'> & { plaintext: Buffer }>,
): Promise<Encrypted[]> {
	const folder = await mkdtemp(join(tmpdir(), 'encoders-'));
	try {
		const jobs = files.map(({ plaintext, ...job }, index) => ({
			plaintext,
			job: { ...job, path: join(folder, String(index)) },
		}));
		await Promise.all(jobs.map(({ job, plaintext }) => writeFile(job.path, plaintext)));
		const messages = await encryptFiles(
			encoder,
			jobs.map(({ job }) => job),
		);
		const encrypted = jobs.map(async ({ job, plaintext }, index) => ({
			...messages[index]!,
			plaintext,
			file: await readFile(`${job.path}.enc`),
		}));
		return await Promise.all(encrypted);
	} finally {
		await rm(folder, { recursive: true });
	}
}
