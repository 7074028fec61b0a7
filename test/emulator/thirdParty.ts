import { randomUUID } from 'node:crypto';
import type { EmulatorRequest, Reply, Site } from './server';
import { type Bytes, type Content, toContent } from './store';

/** Storage that belongs to no vendor and asks for no token: a test can see whether one came all the same. */
export class ThirdParty {
	/** Refuse a request with Authorization, as presigned storage does, which takes one proof only. */
	refuseAuthorization = false;
	readonly site: Site;
	private readonly files = new Map<string, { body: Content; mimeType: string }>();

	constructor(options: { origin?: string; port?: number } = {}) {
		this.site = {
			vendor: 'thirdParty',
			port: options.port ?? 0,
			origin: options.origin,
			control: {},
			route: (request) => ({ operation: 'file', answer: () => this.answer(request) }),
		};
	}

	get url(): string {
		return this.site.origin!;
	}

	/** Keeps a file and returns its public URL. */
	put(bytes: Bytes, mimeType: string): string {
		const path = `/stored/${randomUUID()}`;
		this.files.set(path, { body: toContent(bytes), mimeType });
		return `${this.url}${path}?signature=${randomUUID()}`;
	}

	reset(): void {
		this.files.clear();
		this.refuseAuthorization = false;
	}

	private answer({ path, headers }: EmulatorRequest): Reply {
		const file = this.files.get(path);
		if (!file) return { status: 404 };
		if (this.refuseAuthorization && headers.authorization) {
			return {
				status: 400,
				headers: { 'Content-Type': 'application/xml' },
				body: '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>',
			};
		}
		return {
			status: 200,
			headers: { 'Content-Type': file.mimeType },
			body: file.body,
			etag: `"${path}"`,
		};
	}
}
