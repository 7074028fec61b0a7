import { faultMatrix } from './matrix';
import { PARTS } from './points';

faultMatrix(PARTS.deleteMedia);
