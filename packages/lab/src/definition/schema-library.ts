/** What labs describe their parameters with; a lab that has none does not load it. */
export { z } from 'zod';
