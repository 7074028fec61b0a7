import { DatabaseSync } from 'node:sqlite';

/** Asks n8n's database without taking n8n's time. A process of its own, since Node 20 has no SQLite. */
const database = new DatabaseSync(process.argv[2]!, { readOnly: true });

process.on('message', ({ sql }: { sql: string }) => {
	try {
		process.send!({ rows: database.prepare(sql).all() });
	} catch (error) {
		process.send!({ error: String(error) });
	}
});
