// A disk in memory that remembers what was flushed and what was not. It can be copied as the end of a process leaves it
// (everything written is there), cut as a power failure leaves it (only what was flushed is sure), and told to fail.

using System.Runtime.InteropServices;
using HotStandby.Actors.Journal;

namespace HotStandby.Tests.Doubles;

internal enum DiskCall
{
    Write,
    Flush,
    FlushDirectory,
    Rename,
    Delete,
    Create,
}

internal sealed class MemoryDisk : IDisk
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _directories = [];
    private readonly HashSet<string> _locks = [];
    private readonly Dictionary<string, Content> _live = [];
    private readonly Dictionary<string, Content> _durable = [];
    private readonly List<(string Directory, Action<Dictionary<string, Content>> Apply)> _entryChanges = [];

    /// <summary>Asked before every changing call; an exception it returns is thrown, a write after half its bytes.</summary>
    public Func<DiskCall, string, Exception?>? Fault { get; set; }

    public int Writes { get; private set; }

    public int Flushes { get; private set; }

    public long BytesRead { get; private set; }

    public void CreateDirectory(string path)
    {
        lock (_gate)
            _directories.Add(path);
    }

    public IReadOnlyList<string> List(string directory)
    {
        lock (_gate)
            return [.. from path in _live.Keys.Concat(_directories)
                where Path.GetDirectoryName(path) == directory select Path.GetFileName(path)];
    }

    public IDiskFile Open(string path, DiskOpen mode)
    {
        lock (_gate)
        {
            if (mode == DiskOpen.Create)
            {
                Check(DiskCall.Create, path);
                var content = new Content();
                _live[path] = content;
                _entryChanges.Add((Path.GetDirectoryName(path)!, entries => entries[path] = content));
            }
            return _live.TryGetValue(path, out var found)
                ? new OpenFile(this, path, found) : throw new FileNotFoundException("no such file", path);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            Check(DiskCall.Rename, from);
            _live[to] = _live[from];
            _live.Remove(from);
            _entryChanges.Add((Path.GetDirectoryName(to)!, entries =>
            {
                if (entries.Remove(from, out var content))
                    entries[to] = content;
            }
            ));
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            Check(DiskCall.Delete, path);
            if (_live.Remove(path))
                _entryChanges.Add((Path.GetDirectoryName(path)!, entries => entries.Remove(path)));
        }
    }

    public void FlushDirectory(string directory)
    {
        lock (_gate)
        {
            Check(DiskCall.FlushDirectory, directory);
            foreach (var change in _entryChanges.Where(change => change.Directory == directory))
                change.Apply(_durable);
            _entryChanges.RemoveAll(change => change.Directory == directory);
        }
    }

    public IDisposable? TryLock(string path)
    {
        lock (_gate)
            return _locks.Add(path) ? new Unlock(this, path) : null;
    }

    /// <summary>What another process finds after kill -9: everything that was written, no lock.</summary>
    public MemoryDisk AfterKill()
    {
        lock (_gate)
            return Copy(_live.ToDictionary(entry => entry.Key, entry => entry.Value.Current.ToArray()));
    }

    /// <summary>What is left after a power cut: directory changes and writes that were not flushed survive up to a random point.</summary>
    public MemoryDisk AfterPowerCut(Random random)
    {
        lock (_gate)
        {
            var entries = new Dictionary<string, Content>(_durable);
            foreach (var change in _entryChanges.Take(random.Next(_entryChanges.Count + 1)))
                change.Apply(entries);
            return Copy(entries.ToDictionary(entry => entry.Key, entry => entry.Value.Survive(random)));
        }
    }

    public IEnumerable<string> Paths
    {
        get
        {
            lock (_gate)
                return [.. _live.Keys.Order(StringComparer.Ordinal)];
        }
    }

    public byte[] Bytes(string path)
    {
        lock (_gate)
            return [.. _live[path].Current];
    }

    /// <summary>Puts a file there by magic, durable.</summary>
    public void Put(string path, byte[] bytes)
    {
        lock (_gate)
            _live[path] = _durable[path] = new Content(bytes);
    }

    /// <summary>Takes a file away by magic, durably.</summary>
    public void Remove(string path)
    {
        lock (_gate)
        {
            _live.Remove(path);
            _durable.Remove(path);
        }
    }

    private MemoryDisk Copy(Dictionary<string, byte[]> files)
    {
        var copy = new MemoryDisk();
        foreach (var directory in _directories)
            copy._directories.Add(directory);
        foreach (var (path, bytes) in files)
            copy.Put(path, bytes);
        return copy;
    }

    private void Check(DiskCall call, string path)
    {
        if (Fault?.Invoke(call, path) is { } error)
            throw error;
    }

    private sealed class Content
    {
        private readonly List<Action<List<byte>, int>> _unflushed = [];
        private readonly List<int> _sizes = [];
        private readonly List<byte> _flushed;

        public Content(byte[]? bytes = null) => (Current, _flushed) = ([.. bytes ?? []], [.. bytes ?? []]);

        public List<byte> Current { get; }

        public void Write(long offset, byte[] bytes) => Change(bytes.Length, (content, length) =>
        {
            var over = (int)Math.Clamp(content.Count - offset, 0, length);
            bytes.AsSpan(0, over).CopyTo(CollectionsMarshal.AsSpan(content)[(int)Math.Min(offset, content.Count)..]);
            content.AddRange(bytes.AsSpan(over, length - over));
        });

        public void Truncate(long length) => Change(1, (content, whole) =>
        {
            if (whole == 1)
                content.RemoveRange((int)length, content.Count - (int)length);
        });

        public void Flush()
        {
            for (var i = 0; i < _unflushed.Count; i++)
                _unflushed[i](_flushed, _sizes[i]);
            _unflushed.Clear();
            _sizes.Clear();
        }

        public byte[] Survive(Random random)
        {
            List<byte> content = [.. _flushed];
            var whole = random.Next(_unflushed.Count + 1);
            for (var i = 0; i < whole; i++)
                _unflushed[i](content, _sizes[i]);
            if (whole < _unflushed.Count)
                _unflushed[whole](content, random.Next(_sizes[whole]));
            // The file's new length may reach the disk before its new content does: a tail of zeros.
            if (random.Next(4) == 0 && content.Count < Current.Count)
                content.AddRange(new byte[random.Next(Current.Count - content.Count)]);
            return [.. content];
        }

        private void Change(int size, Action<List<byte>, int> change)
        {
            change(Current, size);
            _unflushed.Add(change);
            _sizes.Add(size);
        }
    }

    private sealed class OpenFile(MemoryDisk disk, string path, Content content) : IDiskFile
    {
        public long Length
        {
            get
            {
                lock (disk._gate)
                    return content.Current.Count;
            }
        }

        public int Read(long offset, Span<byte> into)
        {
            lock (disk._gate)
            {
                var count = (int)Math.Clamp(content.Current.Count - offset, 0, into.Length);
                if (count > 0)
                    CollectionsMarshal.AsSpan(content.Current).Slice((int)offset, count).CopyTo(into);
                disk.BytesRead += count;
                return count;
            }
        }

        public void Write(long offset, IReadOnlyList<ReadOnlyMemory<byte>> buffers)
        {
            lock (disk._gate)
            {
                var bytes = new byte[buffers.Sum(static buffer => buffer.Length)];
                for (int i = 0, at = 0; i < buffers.Count; at += buffers[i++].Length)
                    buffers[i].Span.CopyTo(bytes.AsSpan(at));
                if (disk.Fault?.Invoke(DiskCall.Write, path) is { } error)
                {
                    content.Write(offset, bytes[..(bytes.Length / 2)]);
                    throw error;
                }
                content.Write(offset, bytes);
                disk.Writes++;
            }
        }

        public void Flush()
        {
            lock (disk._gate)
            {
                disk.Check(DiskCall.Flush, path);
                content.Flush();
                disk.Flushes++;
            }
        }

        public void Truncate(long length)
        {
            lock (disk._gate)
                content.Truncate(length);
        }

        public void Dispose()
        {
        }
    }

    private sealed class Unlock(MemoryDisk disk, string path) : IDisposable
    {
        public void Dispose()
        {
            lock (disk._gate)
                disk._locks.Remove(path);
        }
    }
}
