// What transfer engines tell each other through the metadata server: opaque JSON under a key. In memory alone and bounded. A key belongs
// to the life of the client that published it: it is shown while that client has its segments, and a client that comes after it at the
// same endpoint replaces it. A request does not name its client, so this follows from what is mounted and which clients are alive:
//
//   published while a living client claims the key      it is that client's
//   published while none does                           it has no owner yet: the next client that mounts there has published it
//   its client is silent since before it was published  a new life has published it: no owner yet, and never the silent one
//   its client has no segment there any more            it is not shown; it is shown again if that very client mounts again
using System.Text;
using HotStandby.Actors.Gateway;
using HotStandby.Messages.Identity;

namespace HotStandby.Host.Http;

/// <summary>What became of a write.</summary>
internal enum MetadataWrite
{
    /// <summary>Stored, or the same was stored already.</summary>
    Stored,
    /// <summary>A living client holds that endpoint.</summary>
    Conflict,
    /// <summary>A bound is reached.</summary>
    Full,
}

/// <summary>Keys and bodies. Thread-safe.</summary>
/// <param name="options">Bounds, the clock, and where it learns of clients.</param>
internal sealed class MetadataStore(MetadataOptions options)
{
    // The key of an endpoint belongs to one client: two living ones that claim the same endpoint must not silently replace each other.
    private const string ExclusiveMark = "rpc_meta";

    private static readonly long SweepTicks = TimeSpan.FromMinutes(1).Ticks;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = [];
    private MetadataClaims _claims = MetadataClaims.None;
    private long _bytes;
    private long _sweptTicks = options.Time.NowTicks();

    private long NowTicks => options.Time.NowTicks();

    /// <summary>The body, or null.</summary>
    public byte[]? Find(string key)
    {
        lock (_lock)
        {
            Refresh();
            if (!_entries.TryGetValue(key, out var entry) || !IsShown(key, entry))
                return null;
            entry.UsedTicks = NowTicks;
            return entry.Body;
        }
    }

    /// <summary>Stores a body; takes ownership of it.</summary>
    public MetadataWrite Put(string key, byte[] body)
    {
        lock (_lock)
        {
            Refresh();
            var (now, claimants, old) = (NowTicks, _claims.Of(key), _entries.GetValueOrDefault(key));
            if (old is not null && key.Contains(ExclusiveMark, StringComparison.Ordinal) && !old.Body.AsSpan().SequenceEqual(body)
                && IsHeld(old, claimants, now))
                return MetadataWrite.Conflict;
            if (!MakeRoom(key, body.Length - (old?.Body.Length ?? -SizeOf(key)), old is null, now))
                return MetadataWrite.Full;
            var claimant = claimants.Count > 0 ? claimants[^1] : (Uuid?)null;
            var isAlive = claimant is { } client && IsAlive(client);
            _entries[key] = new Entry(body, now) { Owner = isAlive ? claimant : null, Predecessor = isAlive ? null : claimant };
            return MetadataWrite.Stored;
        }
    }

    /// <summary>Forgets a key; false when there was none.</summary>
    public bool Remove(string key)
    {
        lock (_lock)
        {
            Refresh();
            return _entries.TryGetValue(key, out var entry) && Forget(key, entry) && IsShown(key, entry);
        }
    }

    /// <summary>Looks what is mounted now. To be called often: a key is given to the client that mounts next.</summary>
    public void Look()
    {
        lock (_lock)
            Refresh();
    }

    private void Refresh()
    {
        var now = NowTicks;
        if (options.Mounted() is { } mounted && mounted != _claims.Source)
        {
            var before = _claims;
            _claims = new MetadataClaims(mounted);
            foreach (var (key, entry) in _entries)
                Reassign(key, entry, before, now);
        }

        if (now - _sweptTicks < SweepTicks)
            return;
        _sweptTicks = now;
        foreach (var (key, entry) in _entries)
        {
            if (now - entry.UsedTicks >= (entry.Owner is null ? options.UnclaimedAge : options.EndedAge).Ticks && !IsOwned(key, entry))
                Forget(key, entry);
        }
    }

    private void Reassign(string key, Entry entry, MetadataClaims before, long now)
    {
        var claimants = _claims.Of(key);
        if (entry.Owner is { } owner)
        {
            var isGone = !claimants.Contains(owner);
            if (!isGone && (!_claims.IsSuspect(owner) || before.IsSuspect(owner)))
                return;
            // Since when the owner is silent. Where no reign knows, the cluster does: it suspects a client after such a time.
            var silentTicks = options.Silence(owner)?.Ticks ?? (isGone && claimants.Count == 0 ? 0 : options.ClientTtl.Ticks);
            if (entry.PutTicks <= now - silentTicks)
                return;
            (entry.Owner, entry.Predecessor) = (null, owner);
        }

        if (claimants.Count > 0 && claimants[^1] != entry.Predecessor)
            entry.Owner = claimants[^1];
    }

    private bool IsShown(string key, Entry entry) => entry.Owner is null || IsOwned(key, entry);

    private bool IsOwned(string key, Entry entry) => entry.Owner is { } owner && _claims.Of(key).Contains(owner);

    // Whether another body may not take its place: its client lives, or may be about to mount.
    private bool IsHeld(Entry entry, IReadOnlyList<Uuid> claimants, long now) => entry.Owner is { } owner
        ? claimants.Contains(owner) && IsAlive(owner)
        : now - entry.PutTicks < options.Protection.Ticks;

    private bool IsAlive(Uuid client) => !_claims.IsSuspect(client) && !(options.Silence(client) >= options.Protection);

    // Keys without a living owner make room: those of ended lives first, then those that no client has mounted for or asked for lately.
    private bool MakeRoom(string key, long addedBytes, bool isNew, long now)
    {
        while (_bytes + addedBytes > options.MaximumBytes || (isNew && _entries.Count >= options.MaximumKeys))
        {
            var victim = _entries.Where(each => each.Key != key && !IsOwned(each.Key, each.Value)
                    && (each.Value.Owner is not null || now - each.Value.UsedTicks >= options.UnclaimedRest.Ticks))
                .OrderBy(static each => each.Value.Owner is null).ThenBy(static each => each.Value.UsedTicks).FirstOrDefault();
            if (victim.Key is null)
                return false;
            Forget(victim.Key, victim.Value);
        }

        _bytes += addedBytes;
        return true;
    }

    private bool Forget(string key, Entry entry)
    {
        _bytes -= entry.Body.Length + SizeOf(key);
        return _entries.Remove(key);
    }

    private static int SizeOf(string key) => Encoding.UTF8.GetByteCount(key);

    private sealed class Entry(byte[] body, long nowTicks)
    {
        public byte[] Body { get; } = body;

        public long PutTicks { get; } = nowTicks;

        public long UsedTicks { get; set; } = nowTicks;

        // The client that has published it; null: none that has mounted yet.
        public Uuid? Owner { get; set; }

        // Claimed the key then, and has not published it.
        public Uuid? Predecessor { get; set; }
    }
}
