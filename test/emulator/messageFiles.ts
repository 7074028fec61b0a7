import { randomBytes } from 'node:crypto';
import { Faults, type FaultOrder } from './faults';
import type { EmulatorRequest, Reply, Site } from './server';
import { type Bytes, type Clock, type Content, toContent } from './store';

/** How long a link says that it lives: what most recorded ones say. */
const LINK_LIFE_MS = 30 * 24 * 60 * 60 * 1000;

export interface MessageFilesOptions {
	/** The origin to play under: `https://mmg.whatsapp.net`. Default: the local address. */
	origin?: string;
	port?: number;
}

/**
 * The host at which WhatsApp's own clients get the files of chats and forms. It serves whatever was put there: encrypting is
 * the clients' affair. It asks for no token; a test can see whether one came. Answers are as clients report them (whatsmeow
 * `download.go` and issues): a link is signed as a whole, 403 once it has been changed or has expired, 404 or 410 for a file
 * that is gone. Headers are a guess; uploads are not imitated.
 */
export class MessageFiles {
	/** Whether files have an Etag. Clients read parts of files (Baileys); nobody tells what proves that those are of one file. */
	hasEtags = false;
	readonly site: Site;
	private readonly files = new Map<string, { body: Content; query: string; expiresAt: number }>();
	private readonly faults = new Faults();

	constructor(
		private readonly clock: Clock,
		{ origin, port = 0 }: MessageFilesOptions = {},
	) {
		this.site = {
			vendor: 'messageFiles',
			port,
			origin,
			faults: this.faults,
			control: {},
			route: (request) => ({ operation: 'file', answer: () => this.answer(request) }),
		};
	}

	get url(): string {
		return this.site.origin!;
	}

	/** Keeps a file; its addresses as a message has them. */
	put(bytes: Bytes, lifeMs = LINK_LIFE_MS): { url: string; directPath: string } {
		const path = `/v/t62.7118-24/${randomBytes(8).toString('hex')}_n.enc`;
		const expiresAt = this.clock.now() + lifeMs;
		const seconds = Math.floor(expiresAt / 1000);
		const oe = seconds.toString(16).toUpperCase();
		const query = `?ccb=11-4&oh=01_${randomBytes(8).toString('hex')}&oe=${oe}&_nc_sid=5e03e0`;
		this.files.set(path, { body: toContent(bytes), query, expiresAt: seconds * 1000 });
		const directPath = path + query;
		return { url: `${this.url}${directPath}&mms3=true`, directPath };
	}

	fault(order: Omit<FaultOrder<'file'>, 'on'>): void {
		this.faults.add({ on: 'file', ...order });
	}

	reset(): void {
		this.files.clear();
		this.faults.clear();
		this.hasEtags = false;
	}

	private answer({ path, url }: EmulatorRequest): Reply {
		const file = this.files.get(path);
		if (!file) return { status: 404 };
		const isSigned = new URL(url).search.replace(/&mms3=true$/, '') === file.query;
		if (!isSigned || file.expiresAt <= this.clock.now()) return { status: 403 };
		return {
			status: 200,
			headers: { 'Content-Type': 'application/octet-stream' },
			body: file.body,
			...(this.hasEtags && { etag: `"${path}"` }),
		};
	}
}
