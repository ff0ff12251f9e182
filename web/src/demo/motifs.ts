/** Line drawings of what the shop sells, as path data on a 48 × 48 grid: emoji look different, or are missing, on many machines. */
export const MOTIFS: Record<string, string> = {
  tent: "M24 9L5 39h38zM24 9v30M24 22l-8 17M24 22l8 17M2 39h44",
  pack: "M16 12c0-5 3-7 8-7s8 2 8 7M12 18c0-4 3-6 7-6h10c4 0 7 2 7 6v20a5 5 0 0 1-5 5H17a5 5 0 0 1-5-5zM12 26h24M19 26v5h10v-5M36 24h4v11h-4M12 24H8v11h4M19 18h10",
  stove: "M16 30h16v10a3 3 0 0 1-3 3H19a3 3 0 0 1-3-3zM20 30v-5h8v5M9 25h30M13 25l4-6M35 25l-4-6M24 20c-4-1-5-4-4-7 1 1 2 2 3 2-1-4 0-7 3-9 0 4 4 5 3 10-.500 2-2 4-5 4z",
  jacket: "M18 7c1 3 3 5 6 5s5-2 6-5M18 7l-7 4-6 20 6 2 3-9v17h20V24l3 9 6-2-6-20-7-4M24 12v29M14 24h20M14 33h20",
  rain: "M18 14c0-6 2-9 6-9s6 3 6 9M18 11l-7 4-5 17 6 2 2-8v15h20V26l2 8 6-2-5-17-7-4M18 14c2 3 10 3 12 0M24 17v24M18 30l-2 4M32 30l-2 4",
  bag: "M7 34c0-9 6-19 17-22 8-2 17 2 17 9 0 5-3 7-7 8-10 3-14 12-21 12-4 0-6-3-6-7zM14 37c7-1 10-10 20-13M29 13c3 2 5 5 5 8",
  lamp: "M17 15h14l3 5v14l-3 5H17l-3-5V20zM19 15v-3a5 5 0 0 1 10 0v3M18 39v3h12v-3M24 32c-3 0-5-2-5-5s3-4 5-8c2 4 5 5 5 8s-2 5-5 5z",
  battery: "M13 8h22a3 3 0 0 1 3 3v28a3 3 0 0 1-3 3H13a3 3 0 0 1-3-3V11a3 3 0 0 1 3-3zM26 15l-7 12h6l-3 9 8-13h-6zM18 8V5h12v3",
};
