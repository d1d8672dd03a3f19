// Opens the data directory of this node before anything of it speaks to another node: the directory says which of the lives of its name the
// node is. Called by HotStandbyNode.
using Akka.Actor;
using Akka.Persistence;
using HotStandby.Actors.Settings;

namespace HotStandby.Actors.Journal;

/// <summary>
/// The node asks its embedded journal for its directory. Answered with <see cref="DataDirectoryOpen"/>, or with why there is none.
/// </summary>
internal sealed record GetDataDirectory : INoSerializationVerificationNeeded
{
    public static readonly GetDataDirectory Instance = new();
}

/// <summary>The embedded journal to the node: this is it, open until the journal stops.</summary>
/// <param name="Directory">The directory.</param>
internal sealed record DataDirectoryOpen(DataDirectory Directory) : INoSerializationVerificationNeeded;

/// <summary>Opens the directory, whichever journal is in use.</summary>
internal static class OwnDirectory
{
    // A disk may be slow. A plugin that does not answer within this time fails the start: without it the node would hang silently.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The embedded journal opens it by itself. Any other journal keeps its records elsewhere, and the directory holds the identity.
    /// </summary>
    /// <exception cref="JournalException">It must not be used by this node.</exception>
    /// <exception cref="IOException">It cannot be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read or write there.</exception>
    /// <exception cref="AskTimeoutException">The journal does not answer.</exception>
    public static async Task<DataDirectory> OpenAsync(ActorSystem system, HotStandbySettings settings)
    {
        var plugin = settings.Journal.Plugin;
        if (Type.GetType(system.Settings.Config.GetString($"{plugin}.class", "")) == typeof(FileJournal))
        {
            var journal = Persistence.Instance.Apply(system).JournalFor(plugin);
            return (await journal.Ask<DataDirectoryOpen>(GetDataDirectory.Instance, Patience)).Directory;
        }

        var disk = system.Settings.Setup.Get<FileJournalSetup>().Select(setup => setup.Disk).GetOrElse(FileDisk.Instance);
        var directory = DataDirectory.Open(disk, settings.DataDirectory, settings.ClusterId, settings.NodeId.Name, mayHoldOthers: true);
        system.RegisterOnTermination(directory.Dispose);
        return directory;
    }
}
