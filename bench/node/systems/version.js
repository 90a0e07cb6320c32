import { readFileSync } from 'node:fs'

// installed is the version of a package in node_modules.
export function installed (name) {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(file)).version
}
