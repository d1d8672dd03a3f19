using HotStandby.Core.Node;
using HotStandby.Core.Partitions.Segments;

namespace HotStandby.Actors.Gateway;

/// <summary>
/// What a node's cells tell those who answer its clients: whether it serves, who its clients are, where segments are mounted.
/// </summary>
internal sealed class Door(ServingState serving, ClientWatch clients)
{
    /// <summary>Takes a message that a cell has sent to the door, at once and on the sender's thread.</summary>
    /// <exception cref="InvalidOperationException">There is no such message.</exception>
    public void Take(object message)
    {
        switch (message)
        {
            case DoorOpens opens:
                serving.Open(opens.Reign);
                break;
            case DoorStops:
                serving.StopAccepting();
                break;
            case DoorCloses:
                serving.Close();
                break;
            case MountedChanged changed:
                clients.Show(changed.Directory);
                break;
            case ClientsAre are:
                clients.Publish(are.Clients);
                break;
            default:
                throw new InvalidOperationException($"the door knows no {message.GetType().Name}");
        }
    }
}
