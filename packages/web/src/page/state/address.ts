// Which conversation the address of the page names.

export function idOfAddress(): string {
  return location.hash.replace(/^#/, '');
}

export function setAddress(id: string): void {
  if (idOfAddress() !== id) history.pushState(null, '', `#${id}`);
}
