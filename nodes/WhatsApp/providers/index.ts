import { meta } from './meta';
import { pipes } from './pipes';
import type { Provider } from './provider';
import { whapi } from './whapi';

/** Every vendor, by the value of the credential's field *Provider*. */
export const providers: Record<string, Provider> = { meta, whapi, pipes };
