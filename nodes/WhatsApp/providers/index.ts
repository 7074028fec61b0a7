import { dialog360 } from './dialog360';
import { meta } from './meta';
import { pipes } from './pipes';
import type { Provider } from './provider';
import { waha } from './waha';
import { whapi } from './whapi';

/** Every vendor, by the value of the credential's field *Provider*; those that more people use come first. */
export const providers: Record<string, Provider> = { meta, waha, dialog360, whapi, pipes };
