// What a phone tells the app of itself: whose it is, and what it does without being asked.

export interface PhoneView {
  driver_id: string;
  automation: {
    /** False: paused at the page. It asks for nothing and confirms nothing by itself; messages still arrive. */
    on: boolean;
    /** Requests in its list. */
    requests: number;
    /** Vehicles of its list, the next one's first. */
    vehicle_ids: string[];
    /** Which comes next: its place in the list, from 1; null: the list is empty or worked off. */
    next: { cp_id: string; number: number } | null;
    /** What it follows: of its list, or begun by hand, for whose end the list waits. */
    following: { cp_id: string; session_id: string | null; by: "list" | "hand" } | null;
    /** The newest sessions that it asked for by itself. */
    session_ids: string[];
  };
}
