import { hash } from 'node:crypto';

/**
 * What a store keeps of a consumer's name with each unit: the first 4 base64url characters of its SHA-256. Of one length,
 * because a shared store holds one for every unit; a few dozen names of one configuration hardly ever share one.
 */
export function consumerTag(name: string): string {
  return hash('sha256', name, 'base64url').slice(0, 4);
}
