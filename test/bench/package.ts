import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { installN8n } from '../support/n8n/install';
import type { Row } from './row';

const NAME = 'n8n-nodes-whatsapp-media';

export const packageRows: Row[] = [
	{
		name: 'packed',
		what: 'size of the package, packed',
		unit: 'KB',
		rounds: 1,
		bars: [{ of: 'ours', atMost: 60, unit: 'KB' }],
		prepare: async ({ tarball }) => ({
			ours: async () => ({ value: (await stat(tarball)).size / 1000 }),
		}),
	},
	{
		name: 'load',
		what: 'loading all its nodes',
		unit: 'ms',
		rounds: 11,
		bars: [{ of: 'ours', atMost: 15, unit: 'ms' }],
		async prepare({ n8n }) {
			const { dir, node } = await installN8n();
			const folder = join(n8n.userFolder, '.n8n', 'nodes', 'node_modules', NAME);
			const modules = join(dir, 'node_modules');
			const args = [
				'--no-warnings',
				join(__dirname, 'load.ts'),
				folder,
				join(modules, 'n8n-workflow'),
			];
			return {
				ours: async () => ({
					value: Number(
						(await promisify(execFile)(node, args, { env: { NODE_PATH: modules } })).stdout,
					),
				}),
			};
		},
	},
];
