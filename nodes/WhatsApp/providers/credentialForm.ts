import type { Credentials } from './credentials';

/** What a vendor asks for in the credential, and how its button *Test* finds out which value is wrong. Data only. */
export interface CredentialForm {
	/** In the order on the screen. */
	fields: ReadonlyArray<CredentialField | CredentialNotice>;
	test: CredentialTest;
}

export interface CredentialField {
	/** Several vendors share a name and may call it differently. Saved credentials rely on the names. */
	name: keyof Credentials | 'mediaHosts';
	displayName: string;
	/** Hidden while it is typed. */
	isSecret?: true;
	required?: true;
	/** Required where the credential is that of WhatsApp Media Trigger. */
	triggerNeeds?: true;
	default?: string;
	placeholder?: string;
	description: string;
	/** Where the value is found; below the field. */
	hint?: string;
}

export interface CredentialNotice {
	/** A line between fields. */
	notice: string;
	/** As unique as the name of a field. */
	name: string;
}

/** A request without side effects, and a sentence for each answer that means trouble. */
export interface CredentialTest {
	/** Part of an n8n expression: the path, query included. `$credentials` holds the fields as they were entered. */
	path: string;
	/** Statuses that stand for themselves; with every other, the body has the say. Outages always do. */
	errorStatuses?: readonly number[];
	/** The first that fits counts. */
	problems: readonly CredentialProblem[];
}

export interface CredentialProblem {
	/** Of an `errorStatuses`. n8n looks at the status alone: each belongs to one vendor. */
	status?: number;
	/** Path of a value in the body, and the value. n8n does not know whose body it is: no other vendor's may look like it. */
	body?: [path: string, value: unknown];
	/** What is wrong, and what to do. */
	message: string;
}

/** What proves who we are; most vendors call it an API key. */
export const tokenField = {
	name: 'accessToken',
	displayName: 'API Key',
	isSecret: true,
	required: true,
} as const;

export const webhookSecretField = {
	name: 'webhookSecret',
	displayName: 'Webhook Secret',
	isSecret: true,
} as const;

/** For those who run a relay of their own in front of the API. */
export const relayBaseUrl: CredentialField = {
	name: 'baseUrl',
	displayName: 'Base URL',
	placeholder: 'e.g. https://relay.example.com',
	description: 'Only if you run your own relay in front of the API. It receives your access token.',
	hint: 'Leave it empty unless you run a relay',
};
