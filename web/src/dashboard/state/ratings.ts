import { signal } from "@preact/signals";
import { ApiError } from "../../core";
import { api } from "./state";

export interface Ratings {
  /** Whether the visitor found a message helpful, by its seq. */
  messages: Record<string, boolean>;
  stars: number | null;
  comment: string;
}

export const ratings = signal<Record<string, Ratings>>({});

export async function loadRatings(conversation: string): Promise<void> {
  try {
    const found = await api().get<Ratings>(`/v1/conversations/${conversation}/ratings`);
    ratings.value = { ...ratings.value, [conversation]: found };
  } catch (error) {
    // A conversation without them is complete enough to work with.
    if (!(error instanceof ApiError)) throw error;
  }
}
