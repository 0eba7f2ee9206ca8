/** For schemas that nobody asks how their server is. */
import type { HealthSource } from '../../src/messaging/health.js';

export const NO_HEALTH: HealthSource = { health: () => Promise.reject(new Error('nobody should ask')) };
