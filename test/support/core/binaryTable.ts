import { binaryToBuffer } from '@n8n/backend-network';
import { BinaryDataConfig, BinaryDataFileNotFoundError, FileTooLargeError } from 'n8n-core';
import type { BinaryData } from 'n8n-core';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';

type Row = { data: Buffer; sourceId: string } & BinaryData.PreWriteMetadata;

/**
 * Binary mode `database`: n8n/dist/binary-data/database.manager.js with a Map for the table. Like it, it holds each file
 * whole in memory, refuses one above `dbMaxFileSize`, and streams it back as one chunk.
 */
export class BinaryTable implements BinaryData.Manager {
	readonly rows = new Map<string, Row>();

	constructor(private readonly config: BinaryDataConfig) {}

	async init() {}

	async store(
		location: BinaryData.FileLocation,
		file: Buffer | Readable,
		metadata: BinaryData.PreWriteMetadata,
	) {
		const data = await binaryToBuffer(file);
		const fileId = randomUUID();
		const fileSizeMb = data.length / (1024 * 1024);
		if (fileSizeMb > this.config.dbMaxFileSize) {
			throw new FileTooLargeError({
				fileSizeMb,
				maxFileSizeMb: this.config.dbMaxFileSize,
				fileId,
				fileName: metadata.fileName,
			});
		}
		this.rows.set(fileId, { data, sourceId: sourceId(location), ...metadata });
		return { fileId, fileSize: data.length };
	}

	getPath(fileId: string) {
		return `database://${fileId}`;
	}

	async getAsBuffer(fileId: string) {
		return this.row(fileId).data;
	}

	async getAsStream(fileId: string) {
		return Readable.from(this.row(fileId).data);
	}

	async getMetadata(fileId: string) {
		const { fileName, mimeType, data } = this.row(fileId);
		return { fileName, mimeType, fileSize: data.length };
	}

	async copyByFileId(target: BinaryData.FileLocation, from: string) {
		const fileId = randomUUID();
		this.rows.set(fileId, { ...this.row(from), sourceId: sourceId(target) });
		return fileId;
	}

	async copyByFilePath(
		target: BinaryData.FileLocation,
		path: string,
		metadata: BinaryData.PreWriteMetadata,
	) {
		return await this.store(target, await readFile(path), metadata);
	}

	async rename(from: string, to: string) {
		this.rows.set(to, this.row(from));
		this.rows.delete(from);
	}

	private row(fileId: string) {
		const row = this.rows.get(fileId);
		if (!row) throw new BinaryDataFileNotFoundError(fileId);
		return row;
	}
}

function sourceId(location: BinaryData.FileLocation) {
	return (location.type === 'execution' ? location.executionId : location.sourceId) || 'temp';
}
