// Icons: 24 by 24, drawn with the colour of the text beside them. They never stand for a text that is not there.
const paths = {
  overview: "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z",
  connections: "M8 8 4 12l4 4M16 8l4 4-4 4M13.5 5l-3 14",
  channels: "M4 7h11l3 3-3 3H4M20 17H9",
  exchanges: "M4 12h6m0 0 4-6h6m-10 6 4 6h6m-10-6h10",
  queues: "M4 6h16M4 10h16M4 14h16M4 18h10",
  bindings: "M6 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM18 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM18 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM8 6h8v2M6 8v10h10",
  admin:
    "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM12 3v3m0 12v3m9-9h-3M6 12H3m15.400-6.400-2.100 2.100M7.700 16.300l-2.100 2.100m12.800 0-2.100-2.100M7.700 7.700 5.600 5.600",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6 6 18",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.400 1.400m11.200 11.200L19 19M5 19l1.400-1.400M17.600 6.400 19 5",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z",
  auto: "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
  up: "M6 14l6-6 6 6",
  down: "M6 10l6 6 6-6",
  left: "M14 6l-6 6 6 6",
  right: "M10 6l6 6-6 6",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4",
  columns: "M4 5h16v14H4zM10 5v14M15 5v14",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  download: "M12 4v11m-4-4 4 4 4-4M5 20h14",
  upload: "M12 15V4M8 8l4-4 4 4M5 20h14",
  leave: "M14 4h5v16h-5M4 12h10m-4-4 4 4-4 4",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

/** The hare. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M12.2 15C9.600 11.400 9 7.500 10.400 6c2.400.6 4.200 4.400 4.700 8M17 14c.5-3.600 2.300-7.400 4.700-8 1.400 1.500.8 5.400-1.800 9M16 14c5 0 7.500 3 7.500 6.400S20.500 26 16 26s-7.500-2.200-7.500-5.600S11 14 16 14z" />
      <circle cx="13.200" cy="19.600" r="1.300" />
      <circle cx="18.800" cy="19.600" r="1.300" />
    </svg>
  );
}
